/** Addresses and the pages behind them; each page is fetched when somebody goes there. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent as routeComponent,
  redirect,
  Outlet,
} from '@tanstack/react-router';
import { connection, note } from '@/api/connection';
import { localProblem } from '@/api/problem';
import { restore, session } from '@/api/session';
import { PARTS, type Part } from '@/pages/admin/parts';
import { readRowsSearch, readTablesSearch } from '@/pages/figures/search';
import { PAPERS, type Paper } from '@/pages/print/papers';
import { readAuditSearch } from '@/pages/audit/search';
import { readPrivacySearch } from '@/pages/privacy/search';
import { readSearch } from '@/pages/queue/filter';
import { readSampleSearch } from '@/pages/samples/search';
import { readScheduleSearch } from '@/pages/schedule/search';
import type { SurveyRowsSearch, SurveySearch, TextsSearch } from '@/pages/survey/search';
import { homeOf } from '@/shell/navigation';
import { Shell } from '@/shell/shell';
import { Failed, FailedPage, Loading, MissingPage } from '@/ui/states';

/**
 * A page that is fetched when somebody goes there. Where that fails because the server cannot be reached, it is a lost
 * connection and not a page that is gone: the router would load everything anew, and what was typed would be lost.
 */
const lazyRouteComponent: typeof routeComponent = (load, name) =>
  routeComponent(async () => {
    try {
      return await load();
    } catch (error) {
      const asked = await fetch('/favicon.svg', { method: 'HEAD', cache: 'no-store' }).catch(() => undefined);
      note(asked);
      if (connection.online()) throw error;
      throw localProblem('offline', 0, 'The server cannot be reached.');
    }
  }, name);

/** What is to be checked, or what is done with. */
interface MailsSearch {
  show?: 'done';
  q?: string;
}

const root = createRootRoute({ component: Outlet });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    const next = search['next'];
    // Only pages of ours: never to another host after signing in.
    return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? { next } : {};
  },
  beforeLoad: async () => {
    await restore();
    if (session.state() === 'signed-in') throw redirect({ to: '/' });
  },
  component: lazyRouteComponent(() => import('@/pages/sign-in/sign-in'), 'SignInPage'),
});

const passwordReset = createRoute({
  getParentRoute: () => root,
  path: '/password-reset',
  component: lazyRouteComponent(() => import('@/pages/sign-in/password-reset'), 'PasswordResetPage'),
});

/** Everything behind the sign-in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ location }) => {
    await restore();
    if (session.state() === 'signed-out') throw redirect({ to: '/sign-in', search: { next: location.href } });
    // Whoever has to set up a second factor finds everything else closed.
    if (session.me()?.needs_second_factor && !location.pathname.startsWith('/account')) {
      throw redirect({ to: '/account/second-factor' });
    }
  },
  component: Shell,
  errorComponent: ({ error, reset }) => (
    <div className="mx-auto max-w-3xl p-6">
      <Failed error={error} retry={reset} />
    </div>
  ),
});

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: () => {
    const me = session.me();
    if (me) throw redirect({ to: homeOf(me), replace: true });
  },
});

const cases = createRoute({
  getParentRoute: () => app,
  path: '/cases',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('@/pages/queue/queue'), 'QueuePage'),
});

/** The steps of a case that other pages send one for. */
const STEPS = ['edit', 'close', 'book'] as const;

const oneCase = createRoute({
  getParentRoute: () => app,
  path: '/cases/$id',
  validateSearch: (search: Record<string, unknown>): { do?: (typeof STEPS)[number] } => {
    const step = STEPS.find((known) => known === search['do']);
    return step ? { do: step } : {};
  },
  component: lazyRouteComponent(() => import('@/pages/case/case'), 'CasePage'),
});

const casePrint = createRoute({
  getParentRoute: () => app,
  path: '/cases/$id/print',
  validateSearch: (search: Record<string, unknown>): { paper?: Paper } => {
    const paper = PAPERS.find((known) => known === search['paper']);
    return paper ? { paper } : {};
  },
  component: lazyRouteComponent(() => import('@/pages/print/case-print'), 'CasePrintPage'),
});

const reportPrint = createRoute({
  getParentRoute: () => app,
  path: '/reports/$id/print',
  component: lazyRouteComponent(() => import('@/pages/print/report-print'), 'ReportPrintPage'),
});

const blankForm = createRoute({
  getParentRoute: () => app,
  path: '/print/intake-form',
  component: lazyRouteComponent(() => import('@/pages/print/blank'), 'BlankFormPage'),
});

const intake = createRoute({
  getParentRoute: () => app,
  path: '/intake',
  validateSearch: (search: Record<string, unknown>): { phone?: string } =>
    typeof search['phone'] === 'string' ? { phone: search['phone'] } : {},
  component: lazyRouteComponent(() => import('@/pages/intake/intake'), 'IntakePage'),
});

const lateEntry = createRoute({
  getParentRoute: () => app,
  path: '/late-entry',
  component: lazyRouteComponent(() => import('@/pages/late-entry/late-entry'), 'LateEntryPage'),
});

const mails = createRoute({
  getParentRoute: () => app,
  path: '/mails',
  validateSearch: (search: Record<string, unknown>): MailsSearch => ({
    ...(search['show'] === 'done' ? { show: 'done' } : {}),
    ...(typeof search['q'] === 'string' && search['q'] !== '' ? { q: search['q'] } : {}),
  }),
  component: lazyRouteComponent(() => import('@/pages/mails/mails'), 'MailsPage'),
});

const mail = createRoute({
  getParentRoute: () => app,
  path: '/mails/$id',
  component: lazyRouteComponent(() => import('@/pages/mails/mail'), 'MailPage'),
});

const search = createRoute({
  getParentRoute: () => app,
  path: '/search',
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search['q'] === 'string' && search['q'] !== '' ? { q: search['q'] } : {},
  component: lazyRouteComponent(() => import('@/pages/search/search'), 'SearchPage'),
});

const today = createRoute({
  getParentRoute: () => app,
  path: '/today',
  component: lazyRouteComponent(() => import('@/pages/today/today'), 'TodayPage'),
});

const schedule = createRoute({
  getParentRoute: () => app,
  path: '/schedule',
  validateSearch: readScheduleSearch,
  component: lazyRouteComponent(() => import('@/pages/schedule/schedule'), 'SchedulePage'),
});

const report = createRoute({
  getParentRoute: () => app,
  path: '/reports/$id',
  component: lazyRouteComponent(() => import('@/pages/report/report'), 'ReportPage'),
});

const enterprises = createRoute({
  getParentRoute: () => app,
  path: '/enterprises',
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search['q'] === 'string' && search['q'] !== '' ? { q: search['q'] } : {},
  component: lazyRouteComponent(() => import('@/pages/enterprises/enterprises'), 'EnterprisesPage'),
});

const enterprise = createRoute({
  getParentRoute: () => app,
  path: '/enterprises/$id',
  component: lazyRouteComponent(() => import('@/pages/enterprises/enterprise'), 'EnterprisePage'),
});

const exportedLists = createRoute({
  getParentRoute: () => app,
  path: '/exports',
  // A list and its filter, for which the page asks the API: what that means is judged there.
  validateSearch: (search: Record<string, unknown>) => search,
  component: lazyRouteComponent(() => import('@/pages/exports/exports'), 'ExportsPage'),
});

const figures = createRoute({
  getParentRoute: () => app,
  path: '/figures',
  component: lazyRouteComponent(() => import('@/pages/figures/overview'), 'FiguresPage'),
});

const figureTables = createRoute({
  getParentRoute: () => app,
  path: '/figures/tables',
  validateSearch: readTablesSearch,
  component: lazyRouteComponent(() => import('@/pages/figures/tables'), 'TablesPage'),
});

const figureRows = createRoute({
  getParentRoute: () => app,
  path: '/figures/rows',
  validateSearch: readRowsSearch,
  component: lazyRouteComponent(() => import('@/pages/figures/rows'), 'RowsPage'),
});

// These pages read their address themselves: how is fetched with them, and not with the first page.
const survey = createRoute({
  getParentRoute: () => app,
  path: '/figures/survey',
  validateSearch: (search) => search as SurveySearch,
  component: lazyRouteComponent(() => import('@/pages/survey/survey'), 'SurveyPage'),
});

const surveyRows = createRoute({
  getParentRoute: () => app,
  path: '/figures/survey/rows',
  validateSearch: (search) => search as SurveyRowsSearch,
  component: lazyRouteComponent(() => import('@/pages/survey/rows'), 'SurveyRowsPage'),
});

const freeTexts = createRoute({
  getParentRoute: () => app,
  path: '/figures/texts',
  validateSearch: (search) => search as TextsSearch,
  component: lazyRouteComponent(() => import('@/pages/survey/texts'), 'TextsPage'),
});

const periods = createRoute({
  getParentRoute: () => app,
  path: '/figures/periods',
  component: lazyRouteComponent(() => import('@/pages/figures/periods'), 'PeriodsPage'),
});

const period = createRoute({
  getParentRoute: () => app,
  path: '/figures/periods/$id',
  component: lazyRouteComponent(() => import('@/pages/figures/period'), 'PeriodPage'),
});

const targets = createRoute({
  getParentRoute: () => app,
  path: '/figures/targets',
  validateSearch: (search: Record<string, unknown>): { year?: string } => {
    const year = search['year'];
    return typeof year === 'string' && /^2\d{3}$/.test(year) ? { year } : {};
  },
  component: lazyRouteComponent(() => import('@/pages/figures/targets'), 'TargetsPage'),
});

const admin = createRoute({
  getParentRoute: () => app,
  path: '/admin',
  validateSearch: (search: Record<string, unknown>): { part?: Part } => {
    const part = PARTS.find((known) => known === search['part']);
    return part ? { part } : {};
  },
  component: lazyRouteComponent(() => import('@/pages/admin/admin'), 'AdminPage'),
});

const webhook = createRoute({
  getParentRoute: () => app,
  path: '/admin/webhooks/$id',
  component: lazyRouteComponent(() => import('@/pages/webhooks/webhook'), 'WebhookPage'),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('@/pages/audit/audit'), 'AuditPage'),
});

const samples = createRoute({
  getParentRoute: () => app,
  path: '/audit/samples',
  validateSearch: readSampleSearch,
  component: lazyRouteComponent(() => import('@/pages/samples/samples'), 'SamplesPage'),
});

const oneSample = createRoute({
  getParentRoute: () => app,
  path: '/audit/samples/$id',
  component: lazyRouteComponent(() => import('@/pages/samples/sample'), 'SamplePage'),
});

const privacy = createRoute({
  getParentRoute: () => app,
  path: '/privacy',
  validateSearch: readPrivacySearch,
  component: lazyRouteComponent(() => import('@/pages/privacy/privacy'), 'PrivacyPage'),
});

const retentionRun = createRoute({
  getParentRoute: () => app,
  path: '/privacy/runs/$id',
  component: lazyRouteComponent(() => import('@/pages/privacy/run'), 'RunPage'),
});

const certificate = createRoute({
  getParentRoute: () => app,
  path: '/privacy/runs/$id/certificate',
  component: lazyRouteComponent(() => import('@/pages/print/certificate-print'), 'CertificatePage'),
});

const erasure = createRoute({
  getParentRoute: () => app,
  path: '/privacy/erasures/$id',
  component: lazyRouteComponent(() => import('@/pages/privacy/erasure'), 'ErasurePage'),
});

const account = createRoute({
  getParentRoute: () => app,
  path: '/account',
  component: lazyRouteComponent(() => import('@/pages/account/account'), 'AccountPage'),
});

const availability = createRoute({
  getParentRoute: () => app,
  path: '/managers/$id',
  component: lazyRouteComponent(() => import('@/pages/availability/availability'), 'AvailabilityPage'),
});

const secondFactor = createRoute({
  getParentRoute: () => app,
  path: '/account/second-factor',
  component: lazyRouteComponent(() => import('@/pages/account/second-factor'), 'SecondFactorPage'),
});

const tokens = createRoute({
  getParentRoute: () => app,
  path: '/tokens',
  component: lazyRouteComponent(() => import('@/pages/tokens/tokens'), 'TokensPage'),
});

const routes = root.addChildren([
  signIn,
  passwordReset,
  app.addChildren([
    home,
    cases,
    oneCase,
    casePrint,
    reportPrint,
    blankForm,
    intake,
    lateEntry,
    mails,
    mail,
    search,
    today,
    schedule,
    report,
    enterprises,
    enterprise,
    exportedLists,
    figures,
    figureTables,
    figureRows,
    survey,
    surveyRows,
    freeTexts,
    periods,
    period,
    targets,
    admin,
    webhook,
    audit,
    samples,
    oneSample,
    privacy,
    retentionRun,
    certificate,
    erasure,
    account,
    availability,
    secondFactor,
    tokens,
  ]),
]);

/** Plain words in addresses: nothing is quoted, and a number stays as it was typed. */
const parseSearch = (search: string) => Object.fromEntries(new URLSearchParams(search));
const stringifySearch = (search: Record<string, unknown>) => {
  const entries = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(entries as [string, string][]).toString();
  return text ? `?${text}` : '';
};

export const router = createRouter({
  routeTree: routes,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: () => (
    <div className="mx-auto max-w-[100rem] px-6 pt-6">
      <Loading />
    </div>
  ),
  defaultErrorComponent: FailedPage,
  defaultNotFoundComponent: MissingPage,
});

session.subscribe(() => {
  if (session.me()?.needs_second_factor) void router.invalidate();
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
