import type { TargetArea, TargetMeasure } from '@/api/schema';
import { texts } from '@/text/preferences';

export const targetWords = texts<{ areas: Record<TargetArea, string>; measures: Record<TargetMeasure, string> }>(
  {
    areas: { national: '全国', urban: '三大都市圏', regional: '地方圏' },
    measures: {
      introduced_share: '支援を受けた企業のうち導入した割合(%)',
      answered_in_time: '初回連絡を期限内に行った割合(%)',
      cases: '相談案件数',
      enterprises: '相談企業数',
      sessions: 'コンサルティング実施回数',
    },
  },
  {
    areas: { national: 'National', urban: 'Urban', regional: 'Regional' },
    measures: {
      introduced_share: 'Consulted enterprises that introduced telework (%)',
      answered_in_time: 'First contact in time (%)',
      cases: 'Cases',
      enterprises: 'Enterprises',
      sessions: 'Sessions held',
    },
  },
);
