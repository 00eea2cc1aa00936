/** What the API demands of a password (SECURITY.md), said where one is chosen. */
import { texts } from './preferences';

export const passwordRules = texts(
  {
    hint: '10〜128文字。氏名やメールアドレス、よくある言葉だけのものは使えません。関連のない単語をいくつか組み合わせると、覚えやすく安全です。',
  },
  {
    hint: '10 to 128 characters, not your name or address, nor what many people use. A few words that do not belong together are safe and easy to remember.',
  },
);
