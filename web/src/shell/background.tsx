import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useDeliveries } from '@/data/deliver-drafts';
import { useTapDeliveries } from '@/data/deliver-taps';
import { keepLive } from '@/live/live';
import { useMe } from './use-me';

/** What goes on behind every page: news comes in, and what waited for the connection goes out. Fetched after the page. */
export default function Background() {
  const me = useMe();
  const client = useQueryClient();
  const reads = me.permissions.includes('read_cases');
  useDeliveries(me.id);
  useTapDeliveries(me.id);
  useEffect(() => (reads ? keepLive(client) : undefined), [client, reads]);
  return null;
}
