/** Where what was not sent yet lies on this device. Small, because every page asks before signing out. */

export const DRAFTS = 'madoguchi-draft-';
export const TAPS = 'madoguchi-tap-';

/** Whether something of this person is on this device only. */
export function hasUnsent(person: string): boolean {
  return Object.keys(localStorage).some((key) => key.startsWith(DRAFTS + person) || key.startsWith(TAPS + person));
}
