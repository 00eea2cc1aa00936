import { useSearch } from '@tanstack/react-router';
import { Disclosures } from './disclosures';
import { Erasures } from './erasures';
import { PrivacyFrame } from './frame';
import { Holds } from './holds';
import { Items } from './items';
import { Log } from './log';
import { Retention } from './retention';
import { Views } from './views';

/** How data ends, and who saw it. */
export function PrivacyPage() {
  const search = useSearch({ from: '/app/privacy' });
  const { part = 'retention' } = search;
  return (
    <PrivacyFrame part={part}>
      {part === 'retention' ? search.class ? <Items search={search} /> : <Retention search={search} /> : null}
      {part === 'log' ? <Log search={search} /> : null}
      {part === 'holds' ? <Holds search={search} /> : null}
      {part === 'erasures' ? <Erasures search={search} /> : null}
      {part === 'disclosures' ? <Disclosures /> : null}
      {part === 'views' ? <Views key={JSON.stringify(search)} search={search} /> : null}
    </PrivacyFrame>
  );
}
