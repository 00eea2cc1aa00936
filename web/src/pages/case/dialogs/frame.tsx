import type { ReactNode } from 'react';
import type { CaseView } from '@/api/schema';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Dialog, DialogButtons } from '@/ui/dialog';
import { Form } from '@/ui/form';
import { Changed } from './changed';

export const frameWords = texts(
  { cancel: 'やめる', reason: '理由', note: '備考' },
  { cancel: 'Do nothing', reason: 'Reason', note: 'Note' },
);

interface FrameProps {
  title: string;
  /** What the button says. */
  act: string;
  /** The case, where a change of it in between matters. */
  seen?: CaseView;
  error: unknown;
  pending: boolean;
  danger?: boolean;
  wide?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** What all dialogs of a case have in common: the form, the news, the two buttons. */
export function Frame({ title, act, seen, error, pending, danger, wide = false, onSubmit, onClose, children }: FrameProps) {
  const t = useTexts(frameWords);
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      <Form error={error} onSubmit={onSubmit}>
        {seen ? <Changed seen={seen} /> : null}
        {children}
        <DialogButtons>
          <Button type="submit" look={danger ? 'danger' : 'solid'} size="lg" pending={pending}>
            {act}
          </Button>
          <Button size="lg" onClick={onClose}>
            {t.cancel}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
