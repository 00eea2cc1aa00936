import type { ReactNode } from 'react';
import { texts, useTexts } from '@/text/preferences';
import { Button } from './button';
import { Dialog, DialogButtons } from './dialog';
import { Form } from './form';

const words = texts({ cancel: 'やめる' }, { cancel: 'Do nothing' });

export interface DialogFormProps {
  title: string;
  /** What the button says. */
  act: string;
  error: unknown;
  pending: boolean;
  danger?: boolean;
  wide?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A form in a dialog, with its two buttons. */
export function DialogForm({
  title,
  act,
  error,
  pending,
  danger = false,
  wide = false,
  onSubmit,
  onClose,
  children,
}: DialogFormProps) {
  const t = useTexts(words);
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      <Form error={error} onSubmit={onSubmit}>
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
