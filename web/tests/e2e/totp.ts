/** An authenticator app: time-based codes (RFC 6238: SHA-1, six digits, 30 seconds). */
import { createHmac } from 'node:crypto';

const STEP_MS = 30_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function bytesOf(base32: string): Buffer {
  const bits = Array.from(base32.replaceAll(' ', ''))
    .map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}

function codeOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', bytesOf(secret)).update(counter).digest();
  const at = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** An app with this secret, whose every code is a new one: each counts once, and the server takes that of the next step. */
export function authenticator(secret: string) {
  let last = 0;
  return {
    async code(): Promise<string> {
      const step = Math.max(last + 1, Math.floor(Date.now() / STEP_MS));
      // Not longer than the steps that were used up: the server's clock is ours.
      const early = (step - 1) * STEP_MS - Date.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      last = step;
      return codeOf(secret, step);
    },
    /** Six digits that are none of its codes at this time. */
    wrong(): string {
      const now = Math.floor(Date.now() / STEP_MS);
      const right = new Set([-2, -1, 0, 1, 2, 3].map((off) => codeOf(secret, now + off)));
      return (
        ['000000', '111111', '222222', '333333', '444444', '555555', '666666'].find((code) => !right.has(code)) ?? ''
      );
    },
  };
}
