/**
 * Reads an event stream (text/event-stream) from a body. Our own, because EventSource cannot send the access token, and
 * what we need of the format is these lines: there are no retry times and no byte order marks from our own server.
 */

export interface StreamEvent {
  name: string;
  data: string;
  id: string | undefined;
}

/** Takes pieces of text as they arrive, and tells whole events. */
export function eventReader(tell: (event: StreamEvent) => void): (piece: string) => void {
  let rest = '';
  let name = '';
  let data: string[] = [];
  let id: string | undefined;
  const readLine = (line: string) => {
    if (line === '') {
      if (data.length > 0) tell({ name: name || 'message', data: data.join('\n'), id });
      name = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    // A comment, which only keeps the line alive.
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  };
  return (piece) => {
    rest += piece;
    // A carriage return at the very end may be half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) readLine(line);
  };
}
