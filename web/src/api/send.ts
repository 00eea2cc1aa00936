/** Requests that change something. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { forget, readKept, writeKept } from '@/ui/kept';

/** To be sent with a POST that may be repeated. */
export interface Once {
  'Idempotency-Key': string;
}

interface Attempt {
  content: string;
  key: string;
}

/**
 * A request that changes something, as a mutation. The Idempotency-Key stays the same while the same is sent again, so
 * that a repetition after a broken connection changes nothing; another content, or a success, begins a new one.
 * Afterwards everything on the page is read anew. What is sent under a `kept` name is recognised after a reload, too.
 */
export function useSend<Content, Answer>(
  send: (content: Content, once: Once) => Promise<Answer>,
  done?: (answer: Answer, content: Content) => void,
  kept?: string,
) {
  const client = useQueryClient();
  const attempt = useRef<Attempt>(undefined);
  return useMutation({
    // Sent at once also when the browser believes to be offline: the answer is shown, and what was typed stays.
    networkMode: 'always',
    mutationFn: (content: Content) => {
      const text = JSON.stringify(content ?? null);
      if (kept) attempt.current ??= readKept(kept) as Attempt | undefined;
      if (attempt.current?.content !== text) attempt.current = { content: text, key: crypto.randomUUID() };
      if (kept) writeKept(kept, attempt.current);
      return send(content, { 'Idempotency-Key': attempt.current.key });
    },
    onSuccess: (answer, content) => {
      attempt.current = undefined;
      if (kept) forget(kept);
      void client.invalidateQueries();
      done?.(answer, content);
    },
  });
}
