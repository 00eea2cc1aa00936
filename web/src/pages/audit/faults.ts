import type { Fault } from '@/api/schema';
import { texts } from '@/text/preferences';

/** What can be wrong with the trail. */
export const faultWords = texts<Record<Fault, string>>(
  {
    event_altered: '記録が書き換えられています',
    event_missing: '記録が欠けています',
    head_differs: '連鎖の先頭が記録と合いません',
    checkpoint_altered: '検証点が書き換えられています',
    checkpoint_missing: '検証点が欠けています',
    chain_rewritten: '検証点より前の記録が作り直されています',
    tail_cut: '新しい記録が切り取られています',
    case_removed: '案件が消されています',
    chain_missing: '案件の記録が一件もありません',
    history_differs: '案件の状態の履歴が記録と合いません',
    kept_head_differs: '外に控えた値と合いません',
  },
  {
    event_altered: 'An event was altered',
    event_missing: 'An event is missing',
    head_differs: 'The head of a chain does not fit its events',
    checkpoint_altered: 'A checkpoint was altered',
    checkpoint_missing: 'A checkpoint is missing',
    chain_rewritten: 'What was before a checkpoint was written anew',
    tail_cut: 'The newest events were cut off',
    case_removed: 'A case was removed',
    chain_missing: 'A case has no events at all',
    history_differs: "A case's history does not fit its events",
    kept_head_differs: 'It does not fit what was kept outside',
  },
);
