import { useMutation } from '@tanstack/react-query';
import { saveAttachment } from '@/api/download';
import { fileSize } from '@/text/format';
import { texts, useTexts } from '@/text/preferences';
import { Icon } from './icon';
import { ProblemNotice } from './problem-notice';

const words = texts(
  { save: '保存', encrypted: 'パスワード付き(中身は検査できません)' },
  { save: 'Save', encrypted: 'locked with a password, cannot be checked' },
);

export interface FileLine {
  id: string;
  filename: string;
  size: number;
  is_encrypted?: boolean;
}

/** Files, each to be saved by its name. */
export function Files({ label, files }: { label: string; files: readonly FileLine[] }) {
  const t = useTexts(words);
  const save = useMutation({
    mutationFn: ({ id, filename }: FileLine) => saveAttachment(id, filename),
    networkMode: 'always',
  });
  if (files.length === 0) return null;
  return (
    <>
      <ul aria-label={label} className="space-y-1">
        {files.map((file) => (
          <li key={file.id} className="text-dns-16N-130">
            <button
              type="button"
              aria-label={`${t.save}: ${file.filename}`}
              className="link inline-flex min-h-9 items-center gap-1.5 text-left"
              onClick={() => save.mutate(file)}
            >
              <Icon name="file" />
              {file.filename}
            </button>{' '}
            <span className="text-dns-14N-130 text-ink-soft">
              {fileSize(file.size)}
              {file.is_encrypted ? ` ${t.encrypted}` : ''}
            </span>
          </li>
        ))}
      </ul>
      {save.error ? <ProblemNotice error={save.error} /> : null}
    </>
  );
}
