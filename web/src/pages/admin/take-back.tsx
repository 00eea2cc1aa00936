import { useSend } from '@/api/send';
import { DialogForm } from '@/ui/dialog-form';

interface TakeBackProps {
  /** What is done, as the title and on the button. */
  act: string;
  /** What goes, in a sentence. */
  what: string;
  remove: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before an entry of a list is taken back. */
export function TakeBack({ act, what, remove, onClose }: TakeBackProps) {
  const sent = useSend(remove, onClose);
  return (
    <DialogForm
      title={act}
      act={act}
      danger
      error={sent.error}
      pending={sent.isPending}
      onClose={onClose}
      onSubmit={() => sent.mutate(undefined)}
    >
      <p className="text-std-16N-170">{what}</p>
    </DialogForm>
  );
}
