import { useSyncExternalStore } from 'react';
import { session, type Me } from '@/api/session';

/** Who is signed in. Only pages behind the sign-in ask. */
export function useMe(): Me {
  const me = useSyncExternalStore(session.subscribe, session.me);
  if (!me) throw new Error('a page behind the sign-in was drawn for nobody');
  return me;
}
