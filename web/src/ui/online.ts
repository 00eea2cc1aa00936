import { useSyncExternalStore } from 'react';
import { connection } from '@/api/connection';

/** Whether the server can be reached, as far as anybody knows. */
export function useOnline(): boolean {
  return useSyncExternalStore(connection.subscribe, connection.online);
}
