import { useNavigate } from '@tanstack/react-router';
import { api, body, ifMatch } from '@/api/client';
import type { CaseView, ConsultationView } from '@/api/schema';
import { useSend } from '@/api/send';
import { isWaiting, nextStep, useStepWords, type Step } from '@/data/next-step';
import { useMe } from '@/shell/use-me';
import { useNow } from '@/text/now';
import { useTexts } from '@/text/preferences';
import { MOVES, useWords, type Move } from '@/text/words';
import { Button, LinkButton } from '@/ui/button';
import { Menu } from '@/ui/menu';
import { useNarrow } from '@/ui/narrow';
import { ProblemNotice } from '@/ui/problem-notice';
import { say } from '@/ui/toast';
import type { Opened } from './dialogs/dialogs';
import { NEXT_ID } from './record-id';
import { caseWords, type Moved } from './text';
import { movesNotNow, whyNotWords } from './why-not';

/** The move that takes the next step, where one of the moves does. */
const MOVE_OF: Partial<Record<Step, Move>> = {
  route: 'route',
  accept: 'accept',
  offer: 'offer',
  book: 'book',
  book_next: 'book',
  finish: 'close',
  review_wait: 'wait',
};

/** On a phone the others are one tap further. */
const OFTEN: readonly Move[] = ['accept', 'route', 'offer', 'book', 'return', 'close', 'reopen'];
const LESS_OFTEN: readonly Move[] = ['wait', 'edit'];

interface MovesProps {
  seen: CaseView;
  sessions: readonly ConsultationView[];
  onOpen: (opened: Opened) => void;
  onAccept: () => void;
  onRecord: () => void;
}

/** The next step in words, its button, the other moves, and why the rest is not possible. */
export function Moves({ seen, sessions, onOpen, onAccept, onRecord }: MovesProps) {
  const t = useTexts(caseWords);
  const words = useWords();
  const stepWords = useStepWords();
  const me = useMe();
  const step = nextStep(seen, me.role, useNow());
  const accept = useAccept(seen);
  const allowed = MOVES.filter((move) => seen.allowed_moves.includes(move));
  const first = MOVE_OF[step];
  const press = (move: Move) => {
    if (move === 'accept') {
      onAccept();
      accept.mutate(undefined);
    } else {
      onOpen({ dialog: move });
    }
  };
  const isNarrow = useNarrow();
  const order = isNarrow ? OFTEN : [...OFTEN, ...LESS_OFTEN];
  const often = order.filter((move) => move !== first && allowed.includes(move));
  const seldom = allowed.filter((move) => move !== first && !order.includes(move));
  return (
    <section aria-label={t.next} className="no-print relative rounded-8 border-2 border-solid-gray-900 bg-white">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3 px-4 py-3">
        <p id={NEXT_ID} tabIndex={-1} className="mr-auto min-w-0 rounded-4">
          <span className="block text-dns-14N-130 text-ink-soft">{t.next}</span>
          <span className={`text-std-18B-160 ${isWaiting(step) ? 'text-ink-soft' : ''}`}>{stepWords[step]}</span>
          {step === 'book_next' && allowed.includes('close') ? (
            <span className="block text-dns-14N-130 text-ink-soft">{t.orClose}</span>
          ) : null}
        </p>
        <div className="flex flex-wrap gap-2">
          <StepButton step={step} sessions={sessions} onOpen={onOpen} onRecord={onRecord} />
          {first && allowed.includes(first) ? (
            <Button look="solid" pending={first === 'accept' && accept.isPending} onClick={() => press(first)}>
              {words.move[first]}
            </Button>
          ) : null}
          {often.map((move) => (
            <Button key={move} pending={move === 'accept' && accept.isPending} onClick={() => press(move)}>
              {words.move[move]}
            </Button>
          ))}
          {seldom.length > 0 ? (
            <Menu
              label={t.more}
              entries={seldom.map((move) => ({ name: words.move[move], press: () => press(move) }))}
            />
          ) : null}
        </div>
      </div>
      {accept.error ? (
        <div className="px-4 pb-3">
          <ProblemNotice error={accept.error} />
        </div>
      ) : null}
      <NotNow seen={seen} />
    </section>
  );
}

/** The button of a step that is no move: writing down a call, a session, a report. */
function StepButton({ step, sessions, onOpen, onRecord }: { step: Step } & Omit<MovesProps, 'seen' | 'onAccept'>) {
  const t = useTexts(caseWords);
  const now = useNow();
  switch (step) {
    case 'first_contact':
    case 'callback':
    case 'chase_answer':
    case 'chase_report':
      return (
        <Button look="solid" onClick={onRecord}>
          {t.recordCall}
        </Button>
      );
    case 'record_session': {
      const session = sessions.find(({ state, starts_at }) => state === 'booked' && new Date(starts_at) <= now);
      return session ? (
        <Button look="solid" onClick={() => onOpen({ dialog: 'hold', session })}>
          {t.recordSession}
        </Button>
      ) : null;
    }
    case 'approve_report':
    case 'write_report': {
      const wanted = step === 'approve_report' ? ['submitted'] : ['none', 'draft'];
      const session = sessions.find(({ state, report }) => state === 'held' && wanted.includes(report));
      return session ? (
        <LinkButton to="/reports/$id" params={{ id: session.id }} look="solid">
          {step === 'approve_report' ? t.approveReport : t.writeReport}
        </LinkButton>
      ) : null;
    }
    default:
      return null;
  }
}

function NotNow({ seen }: { seen: CaseView }) {
  const t = useTexts(caseWords);
  const words = useWords();
  const missing = movesNotNow(seen, useTexts(whyNotWords));
  if (missing.length === 0) return null;
  return (
    <details className="border-t border-line px-4 text-dns-14N-130">
      <summary className="min-h-9 py-2 text-ink-soft hover:underline">{t.notNow}</summary>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 pb-3">
        {missing.map(([move, reason]) => (
          <div key={move} className="col-span-2 grid grid-cols-subgrid">
            <dt className="font-bold">{words.move[move]}</dt>
            <dd>{reason}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function useAccept({ id, version }: CaseView) {
  const t = useTexts(caseWords);
  return useSend<undefined, CaseView>(
    (_, once) =>
      body(
        api.POST('/api/v1/cases/{id}/accept', { params: { path: { id }, header: once }, headers: ifMatch(version) }),
      ),
    () => say(t.accepted),
  );
}

/** After a move that took the case out of sight (204), the list is where one goes on. */
export function useAfterMove(move: Moved, onClose: () => void): (answer: CaseView | undefined) => void {
  const t = useTexts(caseWords);
  const navigate = useNavigate();
  return (answer) => {
    onClose();
    if (answer) {
      say(t.moved[move]);
    } else {
      say(`${t.moved[move]}${t.gone}`);
      void navigate({ to: '/cases' });
    }
  };
}
