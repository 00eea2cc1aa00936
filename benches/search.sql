-- Adds notes to every case, for measuring the search: believable sentences, with words that are in many texts and words
-- that are in few. See benches/README.md.
--
--   psql "$DATABASE_URL" -v per_case=3 -f benches/search.sql

\set ON_ERROR_STOP on
\if :{?per_case}
\else
    \set per_case 3
\endif

begin;
-- `madoguchi search rebuild` reads all of them anyway.
alter table note disable trigger note_search;

create temporary table sentence on commit drop as
select row_number() over () - 1 as n, text
from unnest(array[
    '在宅勤務の対象者をどこまで広げるか、社内で意見が分かれている。',
    '就業規則の改定案は来月の会議で決める予定とのこと。',
    '助成金の申請期限を気にしておられたので、労働局の窓口を案内した。',
    '勤怠の打刻が紙のままで、月末の集計に二日かかっている。',
    'VPNの同時接続数が足りず、朝は切れやすいという。',
    '社長は前向きだが、現場の課長が紙の図面を持ち出せないと言う。',
    'Web会議の音声が途切れる。回線は光だが、無線の機器が古い。',
    '通勤手当の扱いと、在宅手当の課税について質問があった。',
    '情報漏えいが心配で、私物のパソコンは使わせたくない。',
    '中抜けの時間をどう記録するか、ほかの会社の例を知りたい。',
    '次回はオンラインで、総務と現場の両方に出てもらう。',
    '折り返しは午後三時以降を希望。担当は火曜日が不在。',
    '厚生労働省のガイドラインと、当方の資料を送付した。',
    'フレックスタイム制と組み合わせたいとの相談。',
    '育児と介護の両立のため、週二日から試したいとのこと。',
    '紙の押印が残っており、電子契約への切り替えを検討している。',
    'クラウドの利用料と補助の有無を調べて回答する。',
    '面談の記録と議事録は共有フォルダに置くことにした。',
    '人事評価をどう変えるか、事例集のどの章を読めばよいか。',
    '連絡がつかないため、来週もう一度電話する。'
]) as s (text);

create temporary table many on commit drop as select count(*) as sentences from sentence;

insert into note (id, case_id, body, recorded_at)
select md5('search note ' || c.id || turn)::uuid, c.id,
    (
        select string_agg(s.text, '' order by i)
        from generate_series(1, 8) i
        join sentence s on s.n = (hashtextextended(c.id::text, turn * 100 + i) & 1048575) % many.sentences
    )
    -- One text in ten thousand, in a thousand, in a hundred.
    || case when hashtextextended(c.id::text, turn) % 10000 = 0 then '蘭学の本。' else '' end
    || case when hashtextextended(c.id::text, turn) % 1000 = 1 then '檸檬園の件。' else '' end
    || case when hashtextextended(c.id::text, turn) % 100 = 2 then '鼈甲の細工。' else '' end,
    least(c.recorded_at + turn * interval '1 day', now())
from case_file c
cross join generate_series(1, :per_case) turn
cross join many;

alter table note enable trigger note_search;
commit;
