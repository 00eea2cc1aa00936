/** Numbers as people write them. */

/**
 * A telephone number for the eye: `+81312345678` → `03-1234-5678`. Where the length of the area code would have to be
 * looked up, the digits stay together rather than be divided wrongly.
 */
export function phone(e164: string): string {
  if (!e164.startsWith('+81')) return e164;
  const digits = `0${e164.slice(3)}`;
  const groups = digits.length === 11 ? /^(0[5789]0)(\d{4})(\d{4})$/ : /^(0120)(\d{3})(\d{3})$|^(0[36])(\d{4})(\d{4})$/;
  const match = groups.exec(digits);
  return match ? match.slice(1).filter(Boolean).join('-') : digits;
}

/** 「テレワーク・サポートネットワーク 信越窓口」 is 「信越窓口」 where there is little room. */
export function shortDesk(name: string | undefined): string | undefined {
  return name?.split(/\s+/).at(-1);
}

/** `1000001` → `〒100-0001` */
export function postalCode(code: string): string {
  return /^\d{7}$/.test(code) ? `〒${code.slice(0, 3)}-${code.slice(3)}` : code;
}

/** Digits in any width and with any hyphens, for looking up while somebody types. */
export function digitsOf(text: string): string {
  return text.normalize('NFKC').replace(/\D/g, '');
}

/** Bytes as people read them: 512 B, 34 kB, 2.1 MB. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const kilobytes = bytes / 1000;
  return kilobytes < 1000 ? `${Math.round(kilobytes)} kB` : `${(kilobytes / 1000).toFixed(1)} MB`;
}
