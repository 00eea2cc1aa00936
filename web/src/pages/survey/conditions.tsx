import { useQuery } from '@tanstack/react-query';
import { desks } from '@/data/directory';
import { Period } from '@/pages/figures/controls';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { SelectField } from '@/ui/form';
import { PREFECTURES } from '@/ui/prefectures';
import type { SurveySearch } from './search';
import { surveyWords } from './text';

interface ConditionsProps {
  search: SurveySearch;
  onChange: (search: SurveySearch) => void;
}

/** Days, desk and place. A desk sees its own answers, and who may not read the desks asks without them. */
export function Conditions({ search, onChange }: ConditionsProps) {
  const t = useTexts(surveyWords);
  const { from, to, ...rest } = search;
  const { desk_id, prefecture_code, ...days } = search;
  return (
    <section
      aria-label={t.conditions}
      className="no-print mb-6 flex flex-wrap items-start gap-x-6 gap-y-3 rounded-8 bg-ground px-4 py-3"
    >
      <Period
        report="cases"
        search={{ ...(from ? { from } : {}), ...(to ? { to } : {}) }}
        onChange={(next) =>
          onChange({ ...rest, ...(next.from ? { from: next.from } : {}), ...(next.to ? { to: next.to } : {}) })
        }
      />
      <DeskField
        value={desk_id ?? ''}
        onChange={(id) =>
          onChange({ ...days, ...(prefecture_code ? { prefecture_code } : {}), ...(id ? { desk_id: id } : {}) })
        }
      />
      <SelectField
        label={t.prefecture}
        pointer="/prefecture_code"
        className="w-40"
        value={prefecture_code ?? ''}
        onChange={(code) =>
          onChange({ ...days, ...(desk_id ? { desk_id } : {}), ...(code ? { prefecture_code: code } : {}) })
        }
        choices={[['', t.all], ...PREFECTURES]}
      />
    </section>
  );
}

function DeskField({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const t = useTexts(surveyWords);
  const { role, permissions } = useMe();
  const enabled = role !== 'desk' && permissions.includes('read_directory');
  const { data } = useQuery({ ...desks, enabled });
  if (!enabled) return null;
  return (
    <SelectField
      label={t.desk}
      pointer="/desk_id"
      className="w-64"
      value={value}
      onChange={onChange}
      choices={[['', t.all], ...(data?.items ?? []).map(({ id, name }) => [id, name] as const)]}
    />
  );
}
