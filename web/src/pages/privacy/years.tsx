import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import type { EditSettingsRequest, RetentionClass } from '@/api/schema';
import { versionedSettings, type VersionedSettings } from '@/data/settings';
import { texts, useTexts } from '@/text/preferences';
import { Dialog } from '@/ui/dialog';
import { DialogForm } from '@/ui/dialog-form';
import { TextField } from '@/ui/form';
import { Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { privacyWords } from './text';

const words = texts(
  {
    title: '保存期間を変更',
    act: '保存する',
    what: '1年から30年まで。文書管理の規程と、国との契約に合わせてください。',
    years: (name: string) => `${name}(年)`,
    hints: {
      raw_mail: '届いたメールそのもの。本文は対応履歴に残ります。',
      attachment: '案件とメールのファイル',
      case: '名称・氏名・連絡先・相談内容・対応の記録。番号・経過・回数は残り、集計は変わりません。',
      audit: '個人情報を含まないため、期間が過ぎても本システムでは廃棄しません。期間の目安として表示します。',
      view: '誰がどの案件を閲覧したかの記録',
    },
    saved: '保存期間を変更しました。',
  },
  {
    title: 'Change the years',
    act: 'Save',
    what: 'From 1 to 30 years.',
    years: (name: string) => `${name} (years)`,
    hints: {
      raw_mail: 'Mail byte for byte. What it says stays in the timeline.',
      attachment: 'Of cases and mails',
      case: 'Names, addresses, texts and contacts. Number, history and sessions stay, and so do the figures.',
      audit: 'Holds no personal values and is never cut: the years are only told.',
      view: 'Who saw which case',
    },
    saved: 'The years are changed.',
  },
);

const FIELDS: readonly (readonly [RetentionClass, `retention_${RetentionClass}_years`])[] = [
  ['raw_mail', 'retention_raw_mail_years'],
  ['attachment', 'retention_attachment_years'],
  ['case', 'retention_case_years'],
  ['view', 'retention_view_years'],
  ['audit', 'retention_audit_years'],
];

export function YearsDialog({ onClose }: { onClose: () => void }) {
  const t = useTexts(words);
  const query = useQuery(versionedSettings);
  // Until they are there: a dialog without its form.
  if (query.data === undefined) {
    return (
      <Dialog title={t.title} onClose={onClose}>
        <Loaded query={query}>{() => null}</Loaded>
      </Dialog>
    );
  }
  return <Years key={query.data.etag} known={query.data} onClose={onClose} />;
}

function Years({ known: { settings, etag }, onClose }: { known: VersionedSettings; onClose: () => void }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const client = useQueryClient();
  const [years, setYears] = useState(() =>
    Object.fromEntries(FIELDS.map(([, name]) => [name, String(settings[name])])),
  );
  const save = useMutation({
    networkMode: 'always',
    mutationFn: (request: EditSettingsRequest) =>
      api.PATCH('/api/v1/settings', { headers: { 'If-Match': etag }, body: request }),
    onSuccess: () => {
      onClose();
      say(t.saved);
      void client.invalidateQueries();
    },
  });
  return (
    <DialogForm
      title={t.title}
      act={t.act}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() =>
        save.mutate(Object.fromEntries(Object.entries(years).map(([name, text]) => [name, Number(text)])))
      }
    >
      <p className="text-std-16N-170">{t.what}</p>
      {FIELDS.map(([one, name]) => (
        <TextField
          key={name}
          label={t.years(p.classes[one])}
          hint={t.hints[one]}
          pointer={`/${name}`}
          type="number"
          min={1}
          max={30}
          value={years[name] ?? ''}
          onChange={(value) => setYears((before) => ({ ...before, [name]: value }))}
        />
      ))}
    </DialogForm>
  );
}
