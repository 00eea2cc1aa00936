/** What the schedule shows lives in the address: the week, whose, and for which case a time is sought. */
export interface ScheduleSearch {
  /** A day of the week shown, as `2026-11-24`; on a phone that day. */
  from?: string;
  /** A desk, or `all` of them. */
  desk_id?: string;
  manager_id?: string;
  /** The case that a free time is sought for. */
  case_id?: string;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

export function readScheduleSearch(search: Record<string, unknown>): ScheduleSearch {
  const like = (key: string, form: RegExp) => {
    const value = search[key];
    return typeof value === 'string' && form.test(value) ? { [key]: value } : {};
  };
  return {
    ...like('from', /^\d{4}-\d\d-\d\d$/),
    ...(search['desk_id'] === 'all' ? { desk_id: 'all' } : like('desk_id', UUID)),
    ...like('manager_id', UUID),
    ...like('case_id', UUID),
  };
}
