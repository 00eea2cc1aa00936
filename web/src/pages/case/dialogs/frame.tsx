import type { CaseView } from '@/api/schema';
import { texts } from '@/text/preferences';
import { DialogForm, type DialogFormProps } from '@/ui/dialog-form';
import { Changed } from './changed';

export const frameWords = texts({ reason: '理由', note: '備考' }, { reason: 'Reason', note: 'Note' });

/** A dialog of a case; with `seen`, it says when somebody else changes the case meanwhile. */
export function Frame({ seen, children, ...form }: DialogFormProps & { seen?: CaseView }) {
  return (
    <DialogForm {...form}>
      {seen ? <Changed seen={seen} /> : null}
      {children}
    </DialogForm>
  );
}
