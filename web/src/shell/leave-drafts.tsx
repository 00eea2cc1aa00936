import { Link } from '@tanstack/react-router';
import { dropDrafts, useDrafts } from '@/data/drafts';
import { dropTaps, useTaps } from '@/data/taps';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Dialog, DialogButtons } from '@/ui/dialog';
import { useMe } from './use-me';

const words = texts(
  {
    title: '送信していない記録があります',
    why: '次の報告書と、訪問の到着・退出の時刻は、この端末にだけ保存されています。サインアウトすると消えます。',
    tap: (number: string) => `${number} の到着・退出`,
    stay: 'サインアウトしない',
    leave: '破棄してサインアウト',
  },
  {
    title: 'There is something that was not sent',
    why: 'These reports and times of visits are on this device only. Signing out deletes them.',
    tap: (number: string) => `Times of the visit for ${number}`,
    stay: 'Stay signed in',
    leave: 'Delete them and sign out',
  },
);

/** Asked before signing out while something was not sent: it would be gone, because the device may be somebody else's next. */
export default function LeaveDrafts({ onLeave, onClose }: { onLeave: () => void; onClose: () => void }) {
  const t = useTexts(words);
  const me = useMe();
  const drafts = useDrafts(me.id);
  const taps = useTaps(me.id);
  return (
    <Dialog title={t.title} onClose={onClose}>
      <p className="mb-3 text-std-16N-170">{t.why}</p>
      <ul className="list-disc pl-6">
        {drafts.map(({ session, number }) => (
          <li key={session}>
            <Link
              to="/reports/$id"
              params={{ id: session }}
              className="link inline-flex min-h-9 items-center"
              onClick={onClose}
            >
              {number}
            </Link>
          </li>
        ))}
        {taps.map(({ session, side, number }) => (
          <li key={session + side}>{t.tap(number)}</li>
        ))}
      </ul>
      <DialogButtons>
        <Button look="solid" size="lg" onClick={onClose}>
          {t.stay}
        </Button>
        <Button
          look="danger"
          size="lg"
          onClick={() => {
            dropDrafts(me.id);
            dropTaps(me.id);
            onLeave();
          }}
        >
          {t.leave}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
