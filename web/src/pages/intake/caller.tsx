import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useEffectEvent } from 'react';
import { api, body } from '@/api/client';
import type { Caller, CallerEnterprise, CallerPerson } from '@/api/schema';
import { useDates } from '@/text/dates';
import { digitsOf } from '@/text/format';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { StatusChip } from '@/ui/case-bits';
import { Chip } from '@/ui/chip';
import { Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';

const words = texts(
  {
    title: '電話番号からわかること',
    wait: '電話番号を9桁以上入力すると、これまでの記録を表示します。',
    looking: '調べています…',
    unknown: '初めての相談者です(この番号の記録はありません)。',
    used: '今年度に使った無料コンサルティング',
    times: (n: number) => `${n} 回`,
    enterprises: '企業・団体',
    year: (cases: number, sessions: number) => `今年度 ${cases}件・${sessions}回使用`,
    take: 'この企業・団体で受付',
    people: '相談者',
    unconfirmed: '委任未確認: 経緯を伝えない',
    open: '進行中の案件',
    openHint: '同じ相談なら、新しく受け付けずに案件を開いて記録してください。',
    last: '直近の対応',
    center: 'センター',
  },
  {
    title: 'What the number tells',
    wait: 'Nine digits of the number show what is on record.',
    looking: 'Looking…',
    unknown: 'A first-time caller: nothing on record for this number.',
    used: 'Free sessions used this year',
    times: (n: number) => `${n}`,
    enterprises: 'Enterprises',
    year: (cases: number, sessions: number) => `this year ${cases} cases, ${sessions} sessions`,
    take: 'Take this one',
    people: 'People',
    unconfirmed: 'authority not confirmed: tell nothing',
    open: 'Open cases',
    openHint: 'If it is the same matter, open the case and record the call there.',
    last: 'Last contacts',
    center: 'Help center',
  },
);

const FEWEST_DIGITS = 9;

interface CallerProps {
  phone: string;
  onEnterprise: (enterprise: CallerEnterprise) => void;
  onPerson: (person: CallerPerson) => void;
}

/** Who is calling, looked up while the number is typed. */
export function CallerPanel({ phone, onEnterprise, onPerson }: CallerProps) {
  const t = useTexts(words);
  const digits = useDeferredValue(digitsOf(phone));
  const enough = digits.length >= FEWEST_DIGITS;
  const query = useQuery({
    queryKey: ['caller', digits],
    queryFn: ({ signal }) => body(api.GET('/api/v1/callers', { params: { query: { phone } }, signal })),
    enabled: enough,
    // A number that is not complete yet is no error that anybody has to read.
    retry: false,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  return (
    <Section title={t.title} className="min-w-0">
      <div aria-live="polite" className="space-y-4">
        {!enough ? <p className="text-dns-16N-130 text-ink-soft">{t.wait}</p> : null}
        {enough && query.isPending ? <p className="text-dns-16N-130 text-ink-soft">{t.looking}</p> : null}
        {enough && query.error && digits.length > FEWEST_DIGITS ? <ProblemNotice error={query.error} /> : null}
        {enough && query.data ? <Known caller={query.data} onEnterprise={onEnterprise} onPerson={onPerson} /> : null}
      </div>
    </Section>
  );
}

interface KnownProps {
  caller: Caller;
  onEnterprise: (enterprise: CallerEnterprise) => void;
  onPerson: (person: CallerPerson) => void;
}

function Known({ caller, onEnterprise, onPerson }: KnownProps) {
  const t = useTexts(words);
  useChoiceKeys(caller.enterprises, onEnterprise);
  if (caller.enterprises.length === 0 && caller.people.length === 0) {
    return <p className="text-dns-16B-130">{t.unknown}</p>;
  }
  return (
    <>
      <p className="flex items-baseline justify-between rounded-8 bg-blue-50 px-3 py-2 text-dns-16N-130">
        {t.used}
        <strong className="text-std-20B-150">{t.times(caller.sessions_used)}</strong>
      </p>
      <LastContacts caller={caller} />
      <Enterprises enterprises={caller.enterprises} onChoose={onEnterprise} />
      <OpenCases caller={caller} />
      <People people={caller.people} onChoose={onPerson} />
    </>
  );
}

/** Alt and a digit chooses without leaving the field one types in. */
function useChoiceKeys(enterprises: readonly CallerEnterprise[], onChoose: (enterprise: CallerEnterprise) => void) {
  const onDigit = useEffectEvent((digit: number) => {
    const enterprise = enterprises[digit - 1];
    if (enterprise) onChoose(enterprise);
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || !/^Digit[1-9]$/.test(event.code)) return;
      event.preventDefault();
      onDigit(Number(event.code.slice(-1)));
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function LastContacts({ caller }: { caller: Caller }) {
  const t = useTexts(words);
  const names = useWords();
  const dates = useDates();
  if (caller.last_contacts.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-dns-16B-130">{t.last}</h3>
      <ul className="text-dns-14N-130">
        {caller.last_contacts.map((contact) => (
          <li key={`${contact.case_id}${contact.occurred_at}`} className="flex gap-2 border-b border-line py-1.5">
            <span className="shrink-0 whitespace-nowrap">{dates.day(contact.occurred_at)}</span>
            <span className="shrink-0 whitespace-nowrap text-ink-soft">
              {names.interaction[contact.kind]}
              {names.direction[contact.direction]}
            </span>
            <span className="min-w-0 flex-1 truncate" title={contact.summary}>
              {contact.summary}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Enterprises({
  enterprises,
  onChoose,
}: {
  enterprises: readonly CallerEnterprise[];
  onChoose: (enterprise: CallerEnterprise) => void;
}) {
  const t = useTexts(words);
  if (enterprises.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-dns-16B-130">{t.enterprises}</h3>
      <ul className="space-y-2">
        {enterprises.map((enterprise, index) => (
          <li key={enterprise.id} className="flex flex-wrap items-center justify-between gap-2 text-dns-16N-130">
            <span className="min-w-0">
              {enterprise.name}
              <span className="block text-dns-14N-130 text-ink-soft">
                {[enterprise.prefecture, t.year(enterprise.cases_this_year, enterprise.sessions_used_this_year)]
                  .filter(Boolean)
                  .join('・')}
              </span>
            </span>
            <Button size="sm" aria-keyshortcuts={`Alt+${index + 1}`} onClick={() => onChoose(enterprise)}>
              {t.take} <kbd className="text-dns-14N-120">Alt+{index + 1}</kbd>
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function OpenCases({ caller }: { caller: Caller }) {
  const t = useTexts(words);
  if (caller.open_cases.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-dns-16B-130">{t.open}</h3>
      <p className="mb-1 text-dns-14N-130 text-ink-soft">{t.openHint}</p>
      <ul className="space-y-1.5 text-dns-14N-130">
        {caller.open_cases.map((open) => (
          <li key={open.id}>
            <Link to="/cases/$id" params={{ id: open.id }} className="link text-dns-14B-130">
              {open.number}
            </Link>{' '}
            <StatusChip status={open.status} /> {open.desk ?? t.center}
            <span className="block">{open.subject}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function People({ people, onChoose }: { people: readonly CallerPerson[]; onChoose: (person: CallerPerson) => void }) {
  const t = useTexts(words);
  const names = useWords();
  const unique = [...new Map(people.map((person) => [`${person.name ?? ''}${person.role}`, person])).values()];
  if (unique.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-dns-16B-130">{t.people}</h3>
      <ul className="space-y-1 text-dns-16N-130">
        {unique.map((person) => (
          <li key={person.contact_id} className="flex flex-wrap items-center gap-2">
            <button type="button" className="link min-h-8" onClick={() => onChoose(person)}>
              {person.name ?? names.contact[person.role]}
            </button>
            <Chip>{names.contact[person.role]}</Chip>
            {person.role === 'agent' && !person.authority_confirmed ? <Chip tone="red">{t.unconfirmed}</Chip> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}
