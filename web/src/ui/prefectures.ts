/** 都道府県 in the order of JIS X 0401, which is their code, with the reading that people type. */
const NAMES =
  '北海道ほっかいどう 青森県あおもり 岩手県いわて 宮城県みやぎ 秋田県あきた 山形県やまがた 福島県ふくしま 茨城県いばらき 栃木県とちぎ 群馬県ぐんま 埼玉県さいたま 千葉県ちば 東京都とうきょう 神奈川県かながわ 新潟県にいがた 富山県とやま 石川県いしかわ 福井県ふくい 山梨県やまなし 長野県ながの 岐阜県ぎふ 静岡県しずおか 愛知県あいち 三重県みえ 滋賀県しが 京都府きょうと 大阪府おおさか 兵庫県ひょうご 奈良県なら 和歌山県わかやま 鳥取県とっとり 島根県しまね 岡山県おかやま 広島県ひろしま 山口県やまぐち 徳島県とくしま 香川県かがわ 愛媛県えひめ 高知県こうち 福岡県ふくおか 佐賀県さが 長崎県ながさき 熊本県くまもと 大分県おおいた 宮崎県みやざき 鹿児島県かごしま 沖縄県おきなわ';

interface Prefecture {
  code: string;
  name: string;
  reading: string;
}

const ALL: readonly Prefecture[] = NAMES.split(' ').map((text, index) => {
  const [, name = '', reading = ''] = /^(\P{Script=Hiragana}+)(\p{Script=Hiragana}+)$/u.exec(text) ?? [];
  return { code: String(index + 1).padStart(2, '0'), name, reading };
});

/** Codes and names, as choices. */
export const PREFECTURES = ALL.map(({ code, name }) => [code, name] as const);

export function prefectureName(code: string): string {
  return ALL.find((known) => known.code === code)?.name ?? code;
}

/** Those whose name, reading or code begins with what was typed. */
export function prefecturesLike(typed: string): readonly Prefecture[] {
  const text = typed
    .trim()
    .normalize('NFKC')
    .replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
  return ALL.filter(({ code, name, reading }) => name.startsWith(text) || reading.startsWith(text) || code === text);
}
