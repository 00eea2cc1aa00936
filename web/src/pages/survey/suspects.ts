/** What in a text may be personal data: it is pointed out to whoever checks it, and decides nothing. Pure. */

/** A part of a text; `suspect` where somebody should look. */
export interface Part {
  text: string;
  suspect: boolean;
}

const NAME = String.raw`[\p{Script=Han}\p{Script=Katakana}ー]`;
const LETTERS = String.raw`\p{Script=Han}\p{Script=Katakana}ーA-Za-z`;
/** People that texts speak of without naming anybody. */
const NOBODY = '(?:皆|お客|客|担当者?|専門家|相談員|職員|従業員|社員|先方|企業|会社|各位|貴社|御社)';
const FIRM = '(?:株式会社|有限会社|合同会社|合資会社|社団法人|財団法人|医療法人|学校法人|社会福祉法人)';

const PATTERNS: readonly RegExp[] = [
  // Addresses of mail and of pages.
  /[\w.+-]+[@＠][\w-]+(?:\.[\w-]+)+/gu,
  /https?:\/\/[^\s、。]+/gu,
  // Phone numbers and postal codes, in any writing.
  /[0-9０-９+(（][0-9０-９\-－‐‑−ー()（） ]{8,}[0-9０-９]/gu,
  /〒?[0-9０-９]{3}[-－‐−ー][0-9０-９]{4}/gu,
  // Names before an honorific or a post, and names of firms.
  new RegExp(`(?!${NOBODY})(?<!${NAME})${NAME}{1,8}(?:さん|様|氏|先生|殿|社長|部長|課長|係長)`, 'gu'),
  // After 株式会社 up to what ends a name in a sentence.
  new RegExp(`${FIRM}[^\\s、。「」()（）のはがをにでともへ]{1,20}|[${LETTERS}]+${FIRM}`, 'gu'),
];

/** Names as a case knows them, and their parts: in a text one writes the family name alone. */
export function partsOfNames(names: readonly (string | null | undefined)[]): string[] {
  const all = names.flatMap((name) =>
    name ? [name, ...name.split(/\s+/u), name.replaceAll(new RegExp(FIRM, 'gu'), '')] : [],
  );
  return [...new Set(all.map((name) => name.trim()).filter((name) => name.length > 1))];
}

/** The text cut into parts, of which some are suspect. */
export function partsOf(text: string, names: readonly string[]): Part[] {
  const spans = PATTERNS.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length] as const),
  );
  for (const name of names) {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
      spans.push([at, at + name.length]);
    }
  }
  const parts: Part[] = [];
  let done = 0;
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0] || b[1] - a[1])) {
    if (to <= done) continue;
    const begin = Math.max(from, done);
    if (begin > done) parts.push({ text: text.slice(done, begin), suspect: false });
    const last = parts.at(-1);
    if (last?.suspect && begin === done) last.text += text.slice(begin, to);
    else parts.push({ text: text.slice(begin, to), suspect: true });
    done = to;
  }
  if (done < text.length) parts.push({ text: text.slice(done), suspect: false });
  return parts;
}
