import { useEffect, useRef, type ReactNode } from 'react';
import { prefer, texts, usePreferences, useTexts } from '@/text/preferences';

const words = texts(
  { programme: 'テレワーク ワンストップ相談', language: 'English' },
  { programme: 'Telework one-stop consultation', language: '日本語' },
);

/** What pages before the sign-in stand in. The heading takes the focus when it changes, unless a field has it. */
export function Door({ title, children }: { title: string; children: ReactNode }) {
  const t = useTexts(words);
  const { language } = usePreferences();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} | 窓口 Madoguchi`;
    if (document.activeElement === document.body || document.activeElement === null) heading.current?.focus();
  }, [title]);
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col px-5 pt-10 pb-8 sm:pt-24">
      <div className="mb-8 flex items-center gap-3">
        <img src="/favicon.svg" alt="" className="size-12" />
        <p>
          <span className="block text-dns-14N-130 text-ink-soft">{t.programme}</span>
          <span className="text-std-24B-150">
            窓口 <span className="text-std-18N-160 text-ink-soft">Madoguchi</span>
          </span>
        </p>
      </div>
      <h1 ref={heading} tabIndex={-1} className="mb-2 text-std-20B-150">
        {title}
      </h1>
      {children}
      <p className="mt-auto pt-10 text-right">
        <button
          type="button"
          className="link min-h-11 px-2"
          lang={language === 'ja' ? 'en' : 'ja'}
          onClick={() => prefer({ language: language === 'ja' ? 'en' : 'ja' })}
        >
          {t.language}
        </button>
      </p>
    </main>
  );
}
