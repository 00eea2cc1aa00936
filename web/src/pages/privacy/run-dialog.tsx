import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { RetentionClass, RetentionPreview, RetentionRunRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { dayStart, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { DialogForm } from '@/ui/dialog-form';
import { ManyField } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { privacyWords } from './text';

const words = texts(
  {
    title: '廃棄を実行',
    act: '廃棄する',
    asOf: (day: string) => `基準日 ${day} の時点で保存期間を過ぎているものを廃棄します。`,
    which: '廃棄するもの',
    goes: '次のものが消えます',
    of: {
      raw_mail: (n: string) => `受信メールの原本 ${n}。本文は対応履歴に残ります。`,
      attachment: (n: string) => `添付ファイル ${n}。ファイルの中身と名前が消えます。`,
      case: (n: string) =>
        `相談案件 ${n}の名称・氏名・連絡先・相談内容・対応記録・メモ・メール・報告書。番号・経過・回数は残り、集計は変わりません。`,
      view: (n: string) => `閲覧の記録 ${n}。誰が閲覧したかは分からなくなります。`,
      audit: () => '',
    },
    never: '元に戻せません',
    neverWhy: '実行中に再開・法的保全・新しい連絡があった案件は、廃棄されません。',
  },
  {
    title: 'Dispose of what is over',
    act: 'Dispose of it',
    asOf: (day: string) => `What is over as of ${day} goes.`,
    which: 'What goes',
    goes: 'This goes',
    of: {
      raw_mail: (n: string) => `${n} mails byte for byte. What they say stays in the timeline.`,
      attachment: (n: string) => `${n} files with their names.`,
      case: (n: string) =>
        `Names, addresses, texts, notes, mails and reports of ${n} cases. Number, history and sessions stay, and so do the figures.`,
      view: (n: string) => `${n} entries of who saw what.`,
      audit: () => '',
    },
    never: 'It cannot be undone',
    neverWhy: 'A case that is reopened, held or heard of meanwhile is spared.',
  },
);

/** What goes, in words, before it does. */
export function RunDialog({ preview, onClose }: { preview: RetentionPreview; onClose: () => void }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const navigate = useNavigate();
  const known = preview.classes.filter((one) => one.class !== 'audit');
  const [classes, setClasses] = useState<RetentionClass[]>(() =>
    known.flatMap((one) => (one.count > 0 ? [one.class] : [])),
  );
  const send = useSend(
    (request: RetentionRunRequest, once) =>
      body(api.POST('/api/v1/retention/runs', { params: { header: once }, body: request })),
    ({ id }) => {
      onClose();
      void navigate({ to: '/privacy/runs/$id', params: { id } });
    },
  );
  const chosen = known.filter((one) => classes.includes(one.class));
  return (
    <DialogForm
      title={t.title}
      act={t.act}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ as_of: preview.as_of, classes })}
    >
      <p className="text-std-16N-170">{t.asOf(dates.fullDay(dayStart(preview.as_of)))}</p>
      <ManyField
        label={t.which}
        pointer="/classes"
        required
        value={classes}
        onChange={setClasses}
        choices={known.map((one) => [one.class, `${p.classes[one.class]} ${p.count(one.count)}`])}
      />
      {chosen.length > 0 ? (
        <Notice kind="warning" title={t.goes}>
          <ul className="list-disc space-y-1 pl-5">
            {chosen.map((one) => (
              <li key={one.class}>{t.of[one.class](p.count(one.count))}</li>
            ))}
          </ul>
          <p>
            <strong>{t.never}</strong>
          </p>
          <p>{t.neverWhy}</p>
        </Notice>
      ) : null}
    </DialogForm>
  );
}
