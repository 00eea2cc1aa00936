import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { PlaceholderView, Template, TemplatePurpose } from '@/api/schema';
import { templates } from '@/data/mail';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, TextArea, TextField } from '@/ui/form';
import { OfficeList } from './list';
import { useSave } from './save';
import { adminWords } from './text';

interface TemplateWords {
  add: string;
  none: string;
  name: string;
  used: string;
  reply: string;
  subject: string;
  body: string;
  off: string;
  placeholders: string;
  purposes: Record<TemplatePurpose, string>;
}

const words = texts<TemplateWords>(
  {
    add: 'ひな形を登録',
    none: 'ひな形はありません',
    name: '名前',
    used: '使われるところ',
    reply: '職員の返信',
    subject: '件名',
    body: '本文',
    off: '停止すると、このメールは送られません。',
    placeholders: '使える差し込み項目',
    purposes: {
      acknowledgement: '受付確認(時間内)',
      acknowledgement_out_of_hours: '受付確認(時間外)',
      invitation: '日程の案内',
      invitation_changed: '日程変更の案内',
      invitation_cancelled: '日程取消の案内',
      notice_routed: '振り分けの通知',
      notice_mail: 'メール受信の通知',
      notice_offer: '打診の通知',
      notice_offer_closed: '打診終了の通知',
      notice_answer: '企業・団体からの回答の通知',
      date_proposal: '日程候補のご案内',
      session_reminder: '日程の確認',
      evaluation_request: 'コンサルティングの感想のお願い',
      survey: 'ご利用後のアンケート',
      survey_reminder: 'アンケートの再度のお願い',
    },
  },
  {
    add: 'Add a template',
    none: 'No templates',
    name: 'Name',
    used: 'Used for',
    reply: 'Replies of staff',
    subject: 'Subject',
    body: 'Text',
    off: 'While it is off, this mail is not sent.',
    placeholders: 'What can be filled in',
    purposes: {
      acknowledgement: 'Acknowledgement',
      acknowledgement_out_of_hours: 'Acknowledgement out of hours',
      invitation: 'Invitation',
      invitation_changed: 'Session moved',
      invitation_cancelled: 'Session cancelled',
      notice_routed: 'Notice of routing',
      notice_mail: 'Notice of mail',
      notice_offer: 'Notice of an offer',
      notice_offer_closed: 'Notice of an offer that ended',
      notice_answer: 'Notice of an answer',
      date_proposal: 'Dates offered',
      session_reminder: 'Session to be confirmed',
      evaluation_request: 'How the session was',
      survey: 'Survey after closing',
      survey_reminder: 'Reminder of the survey',
    },
  },
);

/** The texts of mails: the program's own, and those that staff put into replies. */
export function Templates() {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const [editing, setEditing] = useState<Template | 'new'>();
  const query = useQuery(templates);
  const columns = useColumns(setEditing);
  return (
    <>
      <OfficeList
        caption={admin.parts.templates}
        add={t.add}
        onAdd={() => setEditing('new')}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'note', title: t.none }}
      />
      {editing && query.data ? (
        <EditTemplate
          known={editing === 'new' ? undefined : editing}
          placeholders={query.data.placeholders}
          onClose={() => setEditing(undefined)}
        />
      ) : null}
    </>
  );
}

const helper = columnsOf<Template>();

function useColumns(onEdit: (template: Template) => void): Column<Template>[] {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  return [
    helper.display({
      id: 'name',
      header: t.name,
      cell: ({ row: { original } }) => (
        <>
          <strong>{original.name}</strong> {original.active ? null : <Chip>{admin.inactive}</Chip>}
        </>
      ),
    }),
    helper.display({
      id: 'purpose',
      header: t.used,
      cell: ({ row: { original } }) => (original.purpose ? t.purposes[original.purpose] : t.reply),
    }),
    helper.display({ id: 'subject', header: t.subject, cell: ({ row }) => row.original.subject }),
    helper.display({
      id: 'edit',
      header: admin.edit,
      cell: ({ row: { original } }) => (
        <Button size="sm" aria-label={`${admin.edit}: ${original.name}`} onClick={() => onEdit(original)}>
          {admin.edit}
        </Button>
      ),
    }),
  ] as Column<Template>[];
}

interface EditProps {
  known: Template | undefined;
  placeholders: readonly PlaceholderView[];
  onClose: () => void;
}

function EditTemplate({ known, placeholders, onClose }: EditProps) {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const [name, setName] = useState(known?.name ?? '');
  const [subject, setSubject] = useState(known?.subject ?? '');
  const [text, setText] = useState(known?.body ?? '');
  const [active, setActive] = useState(known?.active ?? true);
  const save = useSave((_: undefined, once) => {
    const request = { name, subject, body: text, active };
    if (!known) return body(api.POST('/api/v1/templates', { params: { header: once }, body: request }));
    return body(
      api.PATCH('/api/v1/templates/{id}', {
        params: { path: { id: known.id } },
        headers: ifMatch(known.version),
        body: request,
      }),
    );
  }, onClose);
  const purpose = known?.purpose;
  const usable = placeholders.filter(({ in_replies, purposes }) => (purpose ? purposes.includes(purpose) : in_replies));
  return (
    <DialogForm
      title={known ? known.name : t.add}
      act={admin.save}
      error={save.error}
      pending={save.isPending}
      wide
      onClose={onClose}
      onSubmit={() => save.mutate(undefined)}
    >
      <TextField label={t.name} pointer="/name" required value={name} onChange={setName} />
      <TextField label={t.subject} pointer="/subject" required value={subject} onChange={setSubject} />
      <TextArea label={t.body} pointer="/body" required rows={10} value={text} onChange={setText} />
      <details>
        <summary className="inline-flex min-h-9 items-center text-dns-16N-130 text-blue-900 underline">
          {t.placeholders}
        </summary>
        <dl className="grid grid-cols-[minmax(0,auto)_1fr] gap-x-4 gap-y-1 text-dns-14N-130">
          {usable.map((placeholder) => (
            <div key={placeholder.name} className="col-span-2 grid grid-cols-subgrid">
              <dt>
                <code>{`{{${placeholder.name}}}`}</code>
              </dt>
              <dd>{placeholder.description}</dd>
            </div>
          ))}
        </dl>
      </details>
      <div>
        <CheckField label={admin.active} checked={active} onChange={setActive} />
        {purpose ? <p className="text-dns-14N-130 text-ink-soft">{t.off}</p> : null}
      </div>
    </DialogForm>
  );
}
