import { Link } from '@tanstack/react-router';
import type { CaseView, ContactView } from '@/api/schema';
import { useMe } from '@/shell/use-me';
import { phone, postalCode } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Chip } from '@/ui/chip';
import { Icon } from '@/ui/icon';
import { Facts, Section } from '@/ui/page';
import { ContactRecords } from './records';
import { caseWords } from './text';

export function Inquiry({ seen }: { seen: CaseView }) {
  const t = useTexts(caseWords);
  const words = useWords();
  return (
    <Section title={t.inquiry}>
      <p className="mb-3 text-std-16N-170 whitespace-pre-wrap">{seen.description}</p>
      <ul aria-label={t.topics} className="mb-3 flex flex-wrap gap-1.5">
        {seen.topics.map((topic) => (
          <li key={topic}>
            <Chip tone={topic === seen.primary_topic ? 'blue' : 'gray'}>{words.topic[topic]}</Chip>
          </li>
        ))}
      </ul>
      <Facts
        facts={[
          [t.telework, seen.telework_status && words.telework[seen.telework_status]],
          [t.digital, seen.digital_level && words.digital[seen.digital_level]],
          [t.mode, seen.desired_mode && words.mode[seen.desired_mode]],
          [t.heard, seen.how_heard],
        ]}
      />
    </Section>
  );
}

export function People({ seen }: { seen: CaseView }) {
  const t = useTexts(caseWords);
  const words = useWords();
  const { enterprise, site } = seen;
  const me = useMe();
  const place = `${site.prefecture ?? ''}${site.address ?? ''}`;
  return (
    <Section
      title={t.people}
      beside={
        me.role === 'manager' ? null : (
          <Link to="/enterprises/$id" params={{ id: enterprise.id }} className="link text-dns-14N-130">
            {t.enterpriseCases}
          </Link>
        )
      }
    >
      <ul className="mb-4 space-y-3">
        {seen.contacts.map((contact) => (
          <Contact key={contact.id} contact={contact} />
        ))}
      </ul>
      <Facts
        facts={[
          [t.kind, words.enterprise[enterprise.kind]],
          [t.corporateNumber, enterprise.corporate_number],
          // That of the person above is not said twice.
          [
            t.phone,
            enterprise.phone && seen.contacts.every(({ phone }) => phone !== enterprise.phone) ? (
              <PhoneLink number={enterprise.phone} />
            ) : null,
          ],
          [t.site, site.name],
          [
            t.place,
            place && (
              <>
                {site.postal_code ? <span className="block">{postalCode(site.postal_code)}</span> : null}
                {place}{' '}
                <a className="link whitespace-nowrap" href={mapOf(place)} target="_blank" rel="noreferrer">
                  {t.map}
                </a>
              </>
            ),
          ],
        ]}
      />
    </Section>
  );
}

function Contact({ contact }: { contact: ContactView }) {
  const t = useTexts(caseWords);
  const words = useWords();
  return (
    <li className="text-dns-16N-130">
      <p>
        <span className="text-dns-16B-130">{contact.name ?? words.contact[contact.role]}</span>
        {contact.kana ? <span className="text-dns-14N-130 text-ink-soft"> {contact.kana}</span> : null}{' '}
        <Chip>{words.contact[contact.role]}</Chip>
      </p>
      <p className="text-dns-14N-130 text-ink-soft">
        {[contact.organisation, contact.relation, contact.department].filter(Boolean).join('・')}
      </p>
      {contact.role === 'agent' ? (
        <p className={`text-dns-14N-130 ${contact.authority_confirmed ? 'text-success-2' : 'text-error-2'}`}>
          {contact.authority_confirmed ? t.agentConfirmed : t.agentWarning}
        </p>
      ) : null}
      <p className="flex flex-wrap gap-x-4">
        {contact.phone ? <PhoneLink number={contact.phone} /> : null}
        {contact.email ? (
          <a className="link inline-flex min-h-8 items-center" href={`mailto:${contact.email}`}>
            {contact.email}
          </a>
        ) : null}
      </p>
      <ContactRecords contact={contact} />
    </li>
  );
}

export function PhoneLink({ number }: { number: string }) {
  return (
    <a className="link inline-flex min-h-8 items-center gap-1 whitespace-nowrap" href={`tel:${number}`}>
      <Icon name="phone" className="size-4" />
      {phone(number)}
    </a>
  );
}

/** A map opens on its own page: nothing is fetched from there. */
export function mapOf(place: string): string {
  return `https://www.google.com/maps/search/?api=1&query=${encodeURIComponent(place)}`;
}
