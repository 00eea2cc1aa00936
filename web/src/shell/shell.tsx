import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { connection } from '@/api/connection';
import { session, signOut } from '@/api/session';
import { hasUnsent } from '@/data/unsent';
import { endNews } from '@/live/live';
import { prefer, texts, usePreferences, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Icon } from '@/ui/icon';
import { useOnline } from '@/ui/online';
import { useShortcut } from '@/ui/shortcuts';
import { say, Toast } from '@/ui/toast';
import { navigationWords, placesOf } from './navigation';
import { useMe } from './use-me';

const Background = lazy(afterThePage);

const SignInAgain = lazy(() => import('./sign-in-again'));
const LeaveDrafts = lazy(() => import('./leave-drafts'));
const ShortcutsHelp = lazy(() => import('./shortcuts-help'));

const words = texts(
  {
    skip: '本文へ移動',
    main: '主なページ',
    search: '番号・電話・企業名',
    find: '探す',
    offline:
      'オフラインです。表示は最後に読み込んだ時点のもので、接続が戻ると自動で更新します。入力した内容は残ります。',
    online: '接続が戻りました。',
    era: '年を令和で表示',
    language: 'English',
    shortcuts: 'キーボードでの操作',
    signOut: 'サインアウト',
    account: '自分の設定',
    availability: '不在・利害関係',
    exports: '一覧の書き出し',
    tokens: 'APIトークン',
    menu: '利用者メニュー',
  },
  {
    skip: 'Skip to content',
    main: 'Main pages',
    search: 'Number, phone or enterprise',
    find: 'Find',
    offline: 'You are offline. You see what was read last; it is read anew once you are back. What you type stays.',
    online: 'You are back online.',
    era: 'Japanese era years',
    language: '日本語',
    shortcuts: 'Keyboard',
    signOut: 'Sign out',
    account: 'My settings',
    availability: 'Absences, conflicts',
    exports: 'Lists as files',
    tokens: 'API tokens',
    menu: 'Your menu',
  },
);

/** So many pages stand at the foot of a phone; the rest is in the menu. */
const AT_THE_THUMB = 5;

const PAUSE_MS = 500;

/** Drawn once what one came for is there, and once there is a connection to fetch it with. */
async function afterThePage(): Promise<typeof import('./background')> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (connection.online()) {
      const background = await import('./background').catch(() => undefined);
      if (background) return background;
    }
  }
}

/** What is around every page behind the sign-in. */
export function Shell() {
  const t = useTexts(words);
  const state = useSyncExternalStore(session.subscribe, session.state);
  const [help, setHelp] = useState(false);
  const [left, setLeft] = useState(false);
  useShortcut('?', t.shortcuts, () => setHelp(true));
  return (
    <>
      <a
        href="#main"
        className="link absolute top-2 left-2 z-50 -translate-y-20 rounded-6 bg-white px-4 py-2 focus:translate-y-0"
      >
        {t.skip}
      </a>
      <Header onHelp={() => setHelp(true)} onLeave={() => setLeft(true)} />
      <Offline />
      <main id="main" tabIndex={-1} className="pb-16 outline-none md:pb-0">
        <Outlet />
      </main>
      <BottomNavigation />
      <Toast />
      <Suspense>
        {left ? null : <Background />}
        {state === 'expired' ? <SignInAgain /> : null}
        {help ? <ShortcutsHelp onClose={() => setHelp(false)} /> : null}
      </Suspense>
    </>
  );
}

interface HeaderProps {
  onHelp: () => void;
  onLeave: () => void;
}

function Header({ onHelp, onLeave }: HeaderProps) {
  const t = useTexts(words);
  const names = useTexts(navigationWords);
  const me = useMe();
  return (
    <header className="no-print sticky top-0 z-20 border-b border-line bg-white">
      <div className="mx-auto flex h-14 max-w-[100rem] items-stretch gap-x-5 px-4 sm:px-6">
        <Link to="/" className="flex items-center gap-2 rounded-4 text-dns-17B-130 hover:underline">
          <img src="/favicon.svg" alt="" className="size-7" />
          <span className="sr-only wide:not-sr-only">窓口</span>
        </Link>
        <nav aria-label={t.main} className="hidden items-stretch md:flex">
          {placesOf(me).map(({ to, name }) => (
            <Link
              key={to}
              to={to}
              className="focus-inside flex items-center border-b-4 border-transparent px-3 pt-1 text-dns-16N-130 whitespace-nowrap hover:bg-blue-50 hover:underline aria-[current=page]:border-blue-900 aria-[current=page]:font-bold aria-[current=page]:text-blue-900"
            >
              {names[name]}
            </Link>
          ))}
        </nav>
        <div className="flex flex-1 items-center justify-end gap-3">
          {me.permissions.includes('read_cases') ? <Search /> : null}
          <UserMenu onHelp={onHelp} onLeave={onLeave} />
        </div>
      </div>
    </header>
  );
}

function Search() {
  const t = useTexts(words);
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  useShortcut('/', t.search, () => field.current?.select());
  return (
    <form
      role="search"
      className="relative w-full max-w-72"
      onSubmit={(event) => {
        event.preventDefault();
        const q = field.current?.value.trim();
        if (q) void navigate({ to: '/search', search: { q } });
      }}
    >
      <Icon name="search" className="pointer-events-none absolute top-2.5 left-2.5 size-5 text-ink-soft" />
      <input
        ref={field}
        type="search"
        aria-label={t.search}
        placeholder={t.search}
        className="h-10 w-full rounded-8 border border-line-strong pr-2 pl-9 text-dns-16N-130 placeholder:text-solid-gray-600"
      />
    </form>
  );
}

function UserMenu({ onHelp, onLeave }: HeaderProps) {
  const t = useTexts(words);
  const names = useWords();
  const places = useTexts(navigationWords);
  const me = useMe();
  const { language, era } = usePreferences();
  const client = useQueryClient();
  const menu = useRef<HTMLDivElement>(null);
  const item =
    'focus-inside flex min-h-11 w-full items-center px-4 text-left text-dns-16N-130 hover:bg-blue-50 hover:underline';
  const close = () => menu.current?.hidePopover();
  const [leaving, setLeaving] = useState(false);
  const leave = () => {
    onLeave();
    endNews();
    client.clear();
    void signOut();
  };
  return (
    <>
      <button
        type="button"
        popoverTarget="user-menu"
        className="flex min-h-10 items-center gap-2 rounded-6 px-2 text-left hover:bg-solid-gray-50"
      >
        <Icon name="user" className="size-6" />
        <span className="sr-only wide:not-sr-only">
          <span className="block text-dns-14B-120 whitespace-nowrap">{me.name}</span>
          <span className="block text-dns-14N-120 whitespace-nowrap text-ink-soft">{names.role[me.role]}</span>
        </span>
        <span className="sr-only">({t.menu})</span>
      </button>
      <div
        id="user-menu"
        ref={menu}
        popover="auto"
        className="inset-auto top-13 right-3 m-0 w-64 rounded-8 border border-line bg-white py-2 shadow-2"
      >
        <p className="border-b border-line px-4 pb-2 text-dns-16B-130">
          {me.name}
          <span className="block text-dns-14N-130 text-ink-soft">{names.role[me.role]}</span>
        </p>
        {placesOf(me)
          .slice(AT_THE_THUMB)
          .map(({ to, name }) => (
            <Link key={to} to={to} className={`${item} md:hidden`} onClick={close}>
              {places[name]}
            </Link>
          ))}
        {me.manager_id ? (
          <Link to="/managers/$id" params={{ id: me.manager_id }} className={item} onClick={close}>
            {t.availability}
          </Link>
        ) : null}
        {me.permissions.includes('make_exports') ? (
          <Link to="/exports" className={item} onClick={close}>
            {t.exports}
          </Link>
        ) : null}
        <Link to="/account" className={item} onClick={close}>
          {t.account}
        </Link>
        <Link to="/tokens" className={item} onClick={close}>
          {t.tokens}
        </Link>
        <button
          type="button"
          className={item}
          onClick={() => {
            close();
            onHelp();
          }}
        >
          {t.shortcuts}
        </button>
        <button type="button" className={item} aria-pressed={era} onClick={() => prefer({ era: !era })}>
          <span className="flex-1">{t.era}</span>
          {era ? <Icon name="check" /> : null}
        </button>
        <button
          type="button"
          className={item}
          lang={language === 'ja' ? 'en' : 'ja'}
          onClick={() => {
            prefer({ language: language === 'ja' ? 'en' : 'ja' });
            close();
          }}
        >
          {t.language}
        </button>
        <button
          type="button"
          className={`${item} border-t border-line`}
          onClick={() => {
            close();
            if (hasUnsent(me.id)) setLeaving(true);
            else leave();
          }}
        >
          {t.signOut}
        </button>
      </div>
      <Suspense>{leaving ? <LeaveDrafts onLeave={leave} onClose={() => setLeaving(false)} /> : null}</Suspense>
    </>
  );
}

/** The pages at the thumb, on a phone. */
function BottomNavigation() {
  const t = useTexts(words);
  const names = useTexts(navigationWords);
  const places = placesOf(useMe()).slice(0, AT_THE_THUMB);
  return (
    <nav
      aria-label={t.main}
      className="no-print fixed inset-x-0 bottom-0 z-20 flex border-t border-line bg-white pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {places.map(({ to, name, icon }) => (
        <Link
          key={to}
          to={to}
          className="focus-inside flex min-h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 px-0.5 text-center text-[0.75rem] leading-tight [word-break:auto-phrase] aria-[current=page]:font-bold aria-[current=page]:text-blue-900"
        >
          <Icon name={icon} className="size-6" />
          {names[name]}
        </Link>
      ))}
    </nav>
  );
}

function Offline() {
  const t = useTexts(words);
  const online = useOnline();
  const before = useRef(online);
  useEffect(() => {
    if (online && !before.current) say(t.online);
    before.current = online;
  }, [online, t]);
  if (online) return null;
  return (
    <p
      role="status"
      className="no-print sticky top-14 z-10 flex items-center gap-2 border-b border-yellow-700 bg-yellow-100 px-4 py-2 text-dns-14N-130 sm:px-6"
    >
      <Icon name="offline" />
      {t.offline}
    </p>
  );
}
