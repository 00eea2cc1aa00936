-- What the generated data is made of. Temporary tables and functions, gone with the session.
--
-- Names are put together from words whose comparison key is the word itself (no hiragana, no small kana, no variants of
-- kanji), so that `name_key` is the name without its legal form, exactly as the program folds it.

-- A number from 0 to n - 1 that looks like chance and is the same in every run.
create function pg_temp.pick(i bigint, seed int, n int) returns int
    language sql immutable parallel safe
    return ((hashint8extended(i, seed) & 1073741823) % n)::int;

-- UUIDv7 of that time.
create function pg_temp.v7(at timestamptz, i bigint, seed text) returns uuid
    language sql immutable parallel safe
    return overlay(overlay(
        lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || substr(md5(seed || i), 13)
        placing '7' from 13 for 1) placing '8' from 17 for 1)::uuid;

-- One link of an audit chain, as append_audit makes it; as a window aggregate it hashes all chains in one pass.
create function pg_temp.link(previous bytea, line text) returns bytea
    language plpgsql immutable parallel safe
    as 'begin return sha256(previous || convert_to(line, ''UTF8'')); end';
create aggregate pg_temp.chain_hash(text) (
    sfunc = pg_temp.link,
    stype = bytea,
    initcond = '\x0000000000000000000000000000000000000000000000000000000000000000'
);

-- The key of a reading, as the program folds it: small kana as large ones.
create function pg_temp.kana_key(kana text) returns text
    language sql immutable parallel safe
    return translate(kana, 'ァィゥェォッャュョ', 'アイウエオツヤユヨ');

-- 法人番号: twelve digits behind their check digit.
create function pg_temp.corporate_number(base bigint) returns text
    language sql immutable parallel safe
    return (
        select 9 - sum(substr(lpad(base::text, 12, '0'), 13 - p, 1)::int * (2 - p % 2)) % 9
        from generate_series(1, 12) p
    ) || lpad(base::text, 12, '0');

-- 全国地方公共団体コード: five digits and their check digit.
create function pg_temp.municipality(code text) returns text
    language sql immutable parallel safe
    return code || (
        11 - (substr(code, 1, 1)::int * 6 + substr(code, 2, 1)::int * 5 + substr(code, 3, 1)::int * 4
            + substr(code, 4, 1)::int * 3 + substr(code, 5, 1)::int * 2) % 11
    ) % 10;

-- The 47 prefectures with a city, its postal code, the start of its phone numbers, and the people in ten thousands.
create temp table word_prefecture (code text, name text, city text, municipality text, postal text, area text, people int);
insert into word_prefecture values
    ('01', '北海道', '札幌市中央区', '01101', '060', '11', 509), ('02', '青森県', '青森市', '02201', '030', '17', 118),
    ('03', '岩手県', '盛岡市', '03201', '020', '19', 116), ('04', '宮城県', '仙台市青葉区', '04101', '980', '22', 226),
    ('05', '秋田県', '秋田市', '05201', '010', '18', 91), ('06', '山形県', '山形市', '06201', '990', '23', 103),
    ('07', '福島県', '福島市', '07201', '960', '24', 177), ('08', '茨城県', '水戸市', '08201', '310', '29', 283),
    ('09', '栃木県', '宇都宮市', '09201', '320', '28', 190), ('10', '群馬県', '前橋市', '10201', '371', '27', 190),
    ('11', '埼玉県', 'さいたま市浦和区', '11107', '330', '48', 733), ('12', '千葉県', '千葉市中央区', '12101', '260', '43', 626),
    ('13', '東京都', '新宿区', '13104', '160', '3', 1418), ('14', '神奈川県', '横浜市西区', '14103', '220', '45', 923),
    ('15', '新潟県', '新潟市中央区', '15103', '950', '25', 213), ('16', '富山県', '富山市', '16201', '930', '76', 101),
    ('17', '石川県', '金沢市', '17201', '920', '76', 111), ('18', '福井県', '福井市', '18201', '910', '77', 74),
    ('19', '山梨県', '甲府市', '19201', '400', '55', 80), ('20', '長野県', '長野市', '20201', '380', '26', 200),
    ('21', '岐阜県', '岐阜市', '21201', '500', '58', 193), ('22', '静岡県', '静岡市葵区', '22101', '420', '54', 355),
    ('23', '愛知県', '名古屋市中区', '23106', '460', '52', 748), ('24', '三重県', '津市', '24201', '514', '59', 172),
    ('25', '滋賀県', '大津市', '25201', '520', '77', 141), ('26', '京都府', '京都市中京区', '26104', '604', '75', 253),
    ('27', '大阪府', '大阪市北区', '27127', '530', '6', 877), ('28', '兵庫県', '神戸市中央区', '28110', '650', '78', 537),
    ('29', '奈良県', '奈良市', '29201', '630', '74', 129), ('30', '和歌山県', '和歌山市', '30201', '640', '73', 89),
    ('31', '鳥取県', '鳥取市', '31201', '680', '85', 54), ('32', '島根県', '松江市', '32201', '690', '85', 65),
    ('33', '岡山県', '岡山市北区', '33101', '700', '86', 185), ('34', '広島県', '広島市中区', '34101', '730', '82', 274),
    ('35', '山口県', '山口市', '35203', '753', '83', 130), ('36', '徳島県', '徳島市', '36201', '770', '88', 70),
    ('37', '香川県', '高松市', '37201', '760', '87', 93), ('38', '愛媛県', '松山市', '38201', '790', '89', 130),
    ('39', '高知県', '高知市', '39201', '780', '88', 66), ('40', '福岡県', '福岡市博多区', '40132', '812', '92', 512),
    ('41', '佐賀県', '佐賀市', '41201', '840', '95', 79), ('42', '長崎県', '長崎市', '42201', '850', '95', 127),
    ('43', '熊本県', '熊本市中央区', '43101', '860', '96', 171), ('44', '大分県', '大分市', '44201', '870', '97', 110),
    ('45', '宮崎県', '宮崎市', '45201', '880', '98', 104), ('46', '鹿児島県', '鹿児島市', '46201', '890', '99', 155),
    ('47', '沖縄県', '那覇市', '47201', '900', '98', 147);

-- Names of people.
create temp table word_family as
select row_number() over () - 1 as n, split_part(w, ' ', 1) as name, split_part(w, ' ', 2) as kana
from unnest(array[
    '佐藤 サトウ', '鈴木 スズキ', '高橋 タカハシ', '田中 タナカ', '伊藤 イトウ', '渡辺 ワタナベ', '山本 ヤマモト', '中村 ナカムラ',
    '小林 コバヤシ', '加藤 カトウ', '吉田 ヨシダ', '山田 ヤマダ', '佐々木 ササキ', '山口 ヤマグチ', '松本 マツモト', '井上 イノウエ',
    '木村 キムラ', '林 ハヤシ', '清水 シミズ', '山崎 ヤマザキ', '森 モリ', '池田 イケダ', '橋本 ハシモト', '阿部 アベ',
    '石川 イシカワ', '山下 ヤマシタ', '中島 ナカジマ', '石井 イシイ', '小川 オガワ', '前田 マエダ', '岡田 オカダ', '長谷川 ハセガワ',
    '藤田 フジタ', '後藤 ゴトウ', '近藤 コンドウ', '村上 ムラカミ', '遠藤 エンドウ', '青木 アオキ', '坂本 サカモト', '福田 フクダ',
    '太田 オオタ', '西村 ニシムラ', '藤井 フジイ', '金子 カネコ', '岡本 オカモト', '藤原 フジワラ', '三浦 ミウラ', '中野 ナカノ',
    '原田 ハラダ', '松田 マツダ', '竹内 タケウチ', '小野 オノ', '田村 タムラ', '中山 ナカヤマ', '和田 ワダ', '石田 イシダ',
    '森田 モリタ', '上田 ウエダ', '原 ハラ', '内田 ウチダ', '柴田 シバタ', '酒井 サカイ', '宮崎 ミヤザキ', '横山 ヨコヤマ'
]) w;
create temp table word_given as
select row_number() over () - 1 as n, split_part(w, ' ', 1) as name, split_part(w, ' ', 2) as kana
from unnest(array[
    '陽子 ヨウコ', '健一 ケンイチ', '美咲 ミサキ', '大輔 ダイスケ', '由美 ユミ', '拓也 タクヤ', '直子 ナオコ', '誠 マコト',
    '恵子 ケイコ', '浩二 コウジ', '彩 アヤ', '和也 カズヤ', '裕子 ユウコ', '隆 タカシ', '真由美 マユミ', '哲也 テツヤ',
    '幸子 サチコ', '剛 ツヨシ', '麻衣 マイ', '学 マナブ', '久美子 クミコ', '豊 ユタカ', '千尋 チヒロ', '修 オサム'
]) w;

-- Names of enterprises: a word of the place or the founder, and what it does.
create temp table word_first as
select row_number() over () - 1 as n, split_part(w, ' ', 1) as name, split_part(w, ' ', 2) as kana
from unnest(array[
    '東和 トウワ', '大成 タイセイ', '青葉 アオバ', '北陸 ホクリク', '三和 サンワ', '旭 アサヒ', '丸山 マルヤマ', '新生 シンセイ',
    '中央 チュウオウ', '日進 ニッシン', '共栄 キョウエイ', '太陽 タイヨウ', '昭和 ショウワ', '富士見 フジミ', '若葉 ワカバ', '光洋 コウヨウ',
    '山陽 サンヨウ', '東海 トウカイ', '西日本 ニシニホン', '港南 コウナン', '瀬戸内 セトウチ', '城北 ジョウホク', '日向 ヒュウガ', '双葉 フタバ',
    '松風 マツカゼ', '栄光 エイコウ', '千代田 チヨダ', '明和 メイワ', '平成 ヘイセイ', '白樺 シラカバ', '桜木 サクラギ', '竹原 タケハラ',
    '北斗 ホクト', '大和 ヤマト', '常盤 トキワ', '朝日 アサヒ', '泉 イズミ', '緑川 ミドリカワ', '金城 カネシロ', '大地 ダイチ'
]) w;
create temp table word_second as
select row_number() over () - 1 as n, split_part(w, ' ', 1) as name, split_part(w, ' ', 2) as kana, split_part(w, ' ', 3) as industry
from unnest(array[
    '製作所 セイサクショ E', '建設 ケンセツ D', '工務店 コウムテン D', '商事 ショウジ I', '運輸 ウンユ H', '印刷 インサツ E',
    '食品 ショクヒン E', '設計事務所 セッケイジムショ L', '会計事務所 カイケイジムショ L', 'システム システム G', '電機 デンキ E', '精密 セイミツ E',
    '物流 ブツリュウ H', '不動産 フドウサン K', '旅館 リョカン M', '保育園 ホイクエン P', '介護サービス カイゴサービス P', '薬局 ヤッキョク I',
    '自動車 ジドウシャ R', '農園 ノウエン A', '水産 スイサン B', '酒造 シュゾウ E', '繊維 センイ E', 'ホテル ホテル M',
    '学習塾 ガクシュウジュク O', '歯科医院 シカイイン P', 'ビルサービス ビルサービス R', '住宅 ジュウタク D', '測量 ソクリョウ L', '広告社 コウコクシャ G',
    '金属 キンゾク E', '化学 カガク E', '家具 カグ E', 'ソフトウエア ソフトウエア G', '警備 ケイビ R', '商店 ショウテン I'
]) w;
create temp table word_form (n int, before text, behind text, kind text);
insert into word_form values
    (0, '株式会社', '', 'company'), (1, '株式会社', '', 'company'), (2, '株式会社', '', 'company'), (3, '', '株式会社', 'company'),
    (4, '', '株式会社', 'company'), (5, '有限会社', '', 'company'), (6, '有限会社', '', 'company'), (7, '合同会社', '', 'company'),
    (8, '一般社団法人', '', 'association'), (9, '', '', 'sole_proprietor');

-- What they ask, and what comes of it.
create temp table word_question as
select row_number() over () - 1 as n, split_part(w, '|', 1) as topic, split_part(w, '|', 2) as line, split_part(w, '|', 3) as subject,
    split_part(w, '|', 4) as description
from unnest(array[
    'ict|ict|社外から社内システムを使いたい|経理と受発注を在宅で行いたい。社内のサーバーに入れる仕組みがなく、何から手を付ければよいか相談したい。',
    'security|ict|私物の端末の扱い|社員の私物パソコンとスマートフォンで業務をさせてよいか、許可する場合に決めておくべきことを知りたい。',
    'tools|ict|オンライン会議と勤怠の道具|少人数でも使える会議と勤怠管理の道具を比べたい。費用は月数千円までを考えている。',
    'labour|labour|在宅勤務の労働時間|在宅勤務の社員の始業と終業をどのように把握するか。中抜けの扱いも知りたい。',
    'rules|labour|テレワーク規程の作り方|就業規則はあるが在宅勤務の定めがない。規程のひな形と、労使で話し合う順序を教えてほしい。',
    'subsidy|labour|使える助成金|テレワークの導入に使える助成金と、申請までに必要な準備を知りたい。就業規則の改定は済んでいる。',
    'labour|labour|育児中の社員の働き方|育児休業から戻る社員に週三日の在宅勤務を認めたい。ほかの社員との公平をどう保つか悩んでいる。',
    'ict|ict|紙の書類が多い|見積書と請求書が紙で、そのための出社が続いている。電子化の進め方と保存の決まりを相談したい。',
    'tools|ict|電話番のための出社|代表電話を受けるために毎日誰かが出社している。電話を自宅で受ける方法を知りたい。',
    'other|labour|何から始めるか|取引先に勧められて関心を持った。社員は十二名で、情報システムの担当者はいない。全体の進め方を知りたい。'
]) w;
create temp table word_words as
select * from (values
    (array['社労士・IT双方の目で現状を確認した。', '業務を洗い出し、在宅でできるものから順に並べた。', '社内の機器と回線、契約中のサービスを確認した。'],
     array['小さく始めて一か月後に見直すこと、対象者と曜日を先に決めることを助言した。', '規程の案を渡し、労使の話し合いで決める事項に印を付けた。', '費用と手間の異なる三つの方法を示し、比較の表を渡した。'],
     array['次回までに対象の業務を一覧にする。', '次回は試行の結果を持ち寄り、規程に反映する。', '機器の見積もりを取り、助成金の要件と照らし合わせる。'])
) as w (situations, advices, nexts);
