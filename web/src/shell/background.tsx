import { useDeliveries } from '@/data/deliver-drafts';
import { useTapDeliveries } from '@/data/deliver-taps';
import { useMe } from './use-me';

/** What goes on behind every page: what waited for the connection goes out. Fetched after the page. */
export default function Background() {
  const me = useMe();
  useDeliveries(me.id);
  useTapDeliveries(me.id);
  return null;
}
