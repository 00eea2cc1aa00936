import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { OfferView } from '@/api/schema';
import { useSend } from '@/api/send';
import { useDates } from '@/text/dates';
import { phone } from '@/text/format';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { Form, TextArea } from '@/ui/form';
import { Facts } from '@/ui/page';
import { say } from '@/ui/toast';

const words = texts(
  {
    replyBy: '回答期限',
    line: '区分',
    size: '従業員',
    people: (n: number) => `${n}人`,
    mode: '希望の方法',
    note: '窓口から',
    desk: '問い合わせ先',
    accept: '承諾する',
    decline: '辞退する',
    reason: '辞退の理由',
    send: '辞退を送る',
    back: '戻る',
    accepted: '承諾しました。続けて第1回の日程を決められます。',
    declined: '辞退を伝えました。',
    more: '続きを読む',
  },
  {
    replyBy: 'Answer by',
    line: 'Line',
    size: 'Employees',
    people: (n: number) => `${n}`,
    mode: 'Preferred mode',
    note: 'From the desk',
    desk: 'Ask',
    accept: 'Accept',
    decline: 'Decline',
    reason: 'Why you decline',
    send: 'Decline',
    back: 'Back',
    accepted: 'Accepted. You can agree on the first session now.',
    declined: 'Declined.',
    more: 'Read on',
  },
);

/** An offer with all that may be known before accepting, and the two answers. */
export function OfferCard({ offer, onAnswer }: { offer: OfferView; onAnswer: (accepted: boolean) => void }) {
  const t = useTexts(words);
  const names = useWords();
  const dates = useDates();
  const [declining, setDeclining] = useState(false);
  const [reason, setReason] = useState('');
  const accept = useSend(
    (_: undefined, once) =>
      body(
        api.POST('/api/v1/offers/{id}/accept', {
          params: { path: { id: offer.id }, header: once },
          headers: ifMatch(offer.version),
        }),
      ),
    () => {
      onAnswer(true);
      say(t.accepted);
    },
  );
  const decline = useSend(
    (text: string, once) =>
      body(
        api.POST('/api/v1/offers/{id}/decline', {
          params: { path: { id: offer.id }, header: once },
          headers: ifMatch(offer.version),
          body: { reason: text },
        }),
      ),
    () => {
      onAnswer(false);
      say(t.declined);
    },
  );
  const { matter } = offer;
  // There may be several offers, and each has these buttons.
  const who = `offer-${offer.id}`;
  const now = useNow();
  const late = new Date(offer.reply_by) < now;
  return (
    <article className="space-y-3 rounded-8 border-2 border-solid-gray-900 p-4 text-dns-16N-130">
      <p className="flex flex-wrap items-center gap-2">
        <Chip tone="yellow">{names.line[offer.line]}</Chip>
        <span className={late ? 'font-bold text-error-2' : ''}>
          {t.replyBy} {dates.dayTime(offer.reply_by)}({dates.until(offer.reply_by, now)})
        </span>
      </p>
      {matter ? (
        <>
          <div>
            <h3 id={who} className="text-std-18B-160">
              {matter.enterprise.name ?? matter.case_number}
            </h3>
            <p className="text-ink-soft">
              {matter.case_number}
              {matter.prefecture ? `・${matter.prefecture}` : ''}
            </p>
          </div>
          <p className="text-dns-16B-130">{matter.subject}</p>
          <p className="text-std-16N-170 whitespace-pre-wrap">{matter.description}</p>
          <Facts
            facts={[
              [t.mode, matter.desired_mode && names.mode[matter.desired_mode]],
              [t.size, matter.enterprise.employees ? t.people(matter.enterprise.employees) : null],
              [t.note, offer.note],
              [
                t.desk,
                matter.desk && (
                  <>
                    {matter.desk.name}{' '}
                    {matter.desk.phone ? (
                      <a className="link" href={`tel:${matter.desk.phone}`}>
                        {phone(matter.desk.phone)}
                      </a>
                    ) : null}
                  </>
                ),
              ],
            ]}
          />
        </>
      ) : null}
      <Form error={accept.error ?? decline.error} onSubmit={() => decline.mutate(reason)} className="space-y-3">
        {declining ? (
          <TextArea
            label={t.reason}
            pointer="/reason"
            required
            rows={2}
            autoFocus
            value={reason}
            onChange={setReason}
          />
        ) : null}
        <div className="flex gap-3">
          {declining ? (
            <>
              <Button type="submit" look="danger" className="flex-1" pending={decline.isPending}>
                {t.send}
              </Button>
              <Button className="flex-1" onClick={() => setDeclining(false)}>
                {t.back}
              </Button>
            </>
          ) : (
            <>
              <Button
                look="solid"
                className="flex-1"
                aria-describedby={who}
                pending={accept.isPending}
                onClick={() => accept.mutate(undefined)}
              >
                {t.accept}
              </Button>
              <Button className="flex-1" aria-describedby={who} onClick={() => setDeclining(true)}>
                {t.decline}
              </Button>
            </>
          )}
        </div>
      </Form>
    </article>
  );
}
