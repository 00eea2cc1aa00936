import { useState } from 'react';
import { texts, useTexts } from '@/text/preferences';
import { Dialog } from '@/ui/dialog';
import { CheckField } from '@/ui/form';
import { shortcutsOn, switchShortcuts, useActiveShortcuts } from '@/ui/shortcuts';

const words = texts(
  {
    title: 'キーボードでの操作',
    here: 'このページで使えるキー',
    always: 'Tab と Shift+Tab で項目を移り、Enter で決定、Esc でダイアログを閉じます。',
    on: '1文字のキー操作を使う',
    off: '音声入力などで誤って動くときは、外してください。',
  },
  {
    title: 'Keyboard',
    here: 'Keys on this page',
    always: 'Tab and Shift+Tab move between fields, Enter acts, Escape closes a dialog.',
    on: 'Use single keys',
    off: 'Switch them off if speech input triggers them by accident.',
  },
);

export default function ShortcutsHelp({ onClose }: { onClose: () => void }) {
  const t = useTexts(words);
  const shortcuts = useActiveShortcuts();
  const [on, setOn] = useState(shortcutsOn());
  return (
    <Dialog title={t.title} onClose={onClose}>
      <p className="mb-4 text-std-16N-170">{t.always}</p>
      <h3 className="mb-2 text-dns-16B-130">{t.here}</h3>
      <dl className="mb-4 grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2 text-dns-16N-130">
        {shortcuts.map(({ key, label }) => (
          <div key={key} className="col-span-2 grid grid-cols-subgrid items-center">
            <dt>
              <kbd className="inline-block min-w-8 rounded-4 border border-line-strong px-2 py-0.5 text-center">
                {key}
              </kbd>
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
      <CheckField
        label={t.on}
        checked={on}
        onChange={(next) => {
          switchShortcuts(next);
          setOn(next);
        }}
      />
      <p className="text-dns-14N-130 text-ink-soft">{t.off}</p>
    </Dialog>
  );
}
