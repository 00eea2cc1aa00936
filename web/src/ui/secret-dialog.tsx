import type { ReactNode } from 'react';
import { texts, useTexts } from '@/text/preferences';
import { Button } from './button';
import { copyText } from './copy';
import { Dialog, DialogButtons } from './dialog';
import { say, sayFailed } from './toast';

const words = texts(
  {
    copy: 'コピー',
    copied: 'コピーしました。',
    notCopied: 'コピーできませんでした。表示を選んでコピーしてください。',
    close: '控えたので閉じる',
  },
  {
    copy: 'Copy',
    copied: 'Copied.',
    notCopied: 'It could not be copied. Select it and copy it yourself.',
    close: 'I have kept it',
  },
);

interface SecretDialogProps {
  title: string;
  /** What it is called. */
  label: string;
  secret: string;
  onClose: () => void;
  /** That it is seen only now, and where it belongs. */
  children: ReactNode;
}

/** The only time that a secret is seen: the dialog is closed by its own button, not by a slip. */
export function SecretDialog({ title, label, secret, onClose, children }: SecretDialogProps) {
  const t = useTexts(words);
  const copy = async () => {
    if (await copyText(secret)) say(t.copied);
    else sayFailed(t.notCopied);
  };
  return (
    <Dialog title={title} persistent onClose={onClose}>
      <div className="mb-3 space-y-1 text-std-16N-170">{children}</div>
      <label className="block text-dns-16B-130">
        {label}
        <input
          readOnly
          autoComplete="off"
          value={secret}
          className="mt-1 h-11 w-full rounded-8 border border-line-strong bg-ground px-3 font-mono text-dns-16N-130"
          onFocus={(event) => event.target.select()}
        />
      </label>
      <DialogButtons>
        <Button look="solid" size="lg" onClick={() => void copy()}>
          {t.copy}
        </Button>
        <Button size="lg" onClick={onClose}>
          {t.close}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
