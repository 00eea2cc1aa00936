/** What an operator types during a call, and the request that it becomes. Pure. */
import type {
  CallerEnterprise,
  CallerPerson,
  Channel,
  CreateCaseRequest,
  EnterpriseKind,
  Mode,
  Outcome,
  TeleworkStatus,
  Topic,
  PlaceView,
} from '@/api/schema';
import { instant } from '@/text/dates';
import { PREFECTURES } from '@/ui/prefectures';

export type End = 'route' | 'keep' | 'close';

export interface Typed {
  channel: Exclude<Channel, 'email'>;
  phone: string;
  name: string;
  kana: string;
  email: string;
  department: string;
  isAgent: boolean;
  organisation: string;
  authority: boolean;
  /** One on record, by its id; the fields below count where there is none. */
  enterprise: { id: string; name: string; prefecture: string | null } | undefined;
  kind: EnterpriseKind;
  enterpriseName: string;
  corporateNumber: string;
  postalCode: string;
  prefecture: string;
  /** Known by the postal code alone. */
  municipality: string;
  address: string;
  employees: string;
  subject: string;
  description: string;
  topics: Topic[];
  mode: Mode | '';
  telework: TeleworkStatus | '';
  consent: boolean;
  notice: string;
  end: End;
  outcome: Outcome;
  answer: string;
  isLate: boolean;
  receivedDate: string;
  receivedTime: string;
  lateReason: string;
}

export function blank(part: Partial<Typed>): Typed {
  return {
    channel: 'phone',
    phone: '',
    name: '',
    kana: '',
    email: '',
    department: '',
    isAgent: false,
    organisation: '',
    authority: false,
    enterprise: undefined,
    kind: 'company',
    enterpriseName: '',
    corporateNumber: '',
    postalCode: '',
    prefecture: '',
    municipality: '',
    address: '',
    employees: '',
    subject: '',
    description: '',
    topics: [],
    mode: '',
    telework: '',
    consent: false,
    notice: '',
    end: 'keep',
    outcome: 'answered',
    answer: '',
    isLate: false,
    receivedDate: '',
    receivedTime: '',
    lateReason: '',
    ...part,
  };
}

/** What a known enterprise says about the form. */
export function ofEnterprise({ id, name, prefecture }: CallerEnterprise): Partial<Typed> {
  const code = PREFECTURES.find(([, known]) => known === prefecture)?.[0] ?? '';
  return {
    enterprise: { id, name: name ?? '', prefecture: prefecture ?? null },
    ...(code ? { prefecture: code, municipality: '' } : {}),
  };
}

/** What a known person says about the form. */
export function ofPerson({ name, role, organisation, authority_confirmed }: CallerPerson): Partial<Typed> {
  return {
    name: name ?? '',
    isAgent: role === 'agent',
    organisation: organisation ?? '',
    authority: authority_confirmed,
  };
}

/** What a place says about the form. An address that somebody began stays as it is. */
export function ofPlace(place: PlaceView, typed: Pick<Typed, 'address'>): Partial<Typed> {
  return {
    prefecture: place.prefecture_code,
    municipality: place.municipality_code ?? '',
    ...(typed.address === '' && place.municipality ? { address: place.municipality } : {}),
  };
}

/** The non-empty ones of some texts. */
function filled<T extends Record<string, string | number | boolean>>(parts: T): Partial<T> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== '' && value !== false)) as Partial<T>;
}

export function requestOf(typed: Typed, how: string): CreateCaseRequest {
  const received = typed.isLate ? instant(typed.receivedDate, typed.receivedTime) : undefined;
  const contact = filled({
    name: typed.name,
    kana: typed.kana,
    phone: typed.phone,
    email: typed.email,
    department: typed.department,
    ...(typed.isAgent ? { organisation: typed.organisation, authority_confirmed: typed.authority } : {}),
  });
  return {
    channel: typed.channel,
    enterprise: enterpriseOf(typed),
    description: typed.description,
    topics: typed.topics,
    ...(Object.keys(contact).length > 0
      ? { contacts: [{ role: typed.isAgent ? ('agent' as const) : ('primary' as const), ...contact }] }
      : {}),
    ...filled({ subject: typed.subject }),
    ...(typed.mode ? { desired_mode: typed.mode } : {}),
    ...(typed.telework ? { telework_status: typed.telework } : {}),
    ...(typed.consent ? { consents: [{ kind: 'privacy' as const, notice_version: typed.notice, how }] } : {}),
    ...(typed.end === 'close' ? { close_as: { outcome: typed.outcome, ...filled({ note: typed.answer }) } } : {}),
    ...(received ? { received_at: received, late_reason: typed.lateReason } : {}),
  };
}

/** Kinds that have a name; a person asks for themselves. */
export function isNamed(kind: EnterpriseKind): boolean {
  return kind !== 'anonymous' && kind !== 'worker';
}

/**
 * What the API would miss, in its own words. It tells the fields that cannot be empty first and what depends on others
 * after that; a caller waits, so all of it is told at once.
 */
export function missing(typed: Typed): { pointer: string; detail: string }[] {
  const empty = (text: string) => text.trim() === '';
  return [
    ...(!typed.enterprise && isNamed(typed.kind) && empty(typed.enterpriseName)
      ? [{ pointer: '/enterprise/name', detail: 'is required for this kind of enterprise' }]
      : []),
    ...(empty(typed.description) ? [{ pointer: '/description', detail: 'is required' }] : []),
    ...(typed.topics.length === 0 ? [{ pointer: '/topics', detail: 'at least one' }] : []),
  ];
}

/** What must be known before anything is sent: where it goes, and when it was. With it comes all else that is missing. */
export function undecided(
  typed: Typed,
  desk: string,
  words: { chooseDesk: string; chooseTime: string },
): { pointer: string; detail: string }[] {
  const found = [
    ...(typed.isLate && !instant(typed.receivedDate, typed.receivedTime)
      ? [{ pointer: '/received_at', detail: words.chooseTime }]
      : []),
    ...(typed.end === 'route' && !desk ? [{ pointer: '/desk_id', detail: words.chooseDesk }] : []),
  ];
  return found.length > 0 ? [...missing(typed), ...found] : [];
}

function enterpriseOf(typed: Typed): CreateCaseRequest['enterprise'] {
  if (typed.enterprise) return { id: typed.enterprise.id };
  const named = isNamed(typed.kind);
  return {
    kind: typed.kind,
    ...filled({
      name: named ? typed.enterpriseName : '',
      corporate_number: named ? typed.corporateNumber : '',
      postal_code: typed.postalCode,
      prefecture_code: typed.prefecture,
      municipality_code: typed.municipality,
      address: typed.address,
      // The number of a person is theirs; that of a company is the company's too.
      phone: named ? typed.phone : '',
    }),
    ...(typed.employees ? { employees: Number(typed.employees.normalize('NFKC')) } : {}),
  };
}
