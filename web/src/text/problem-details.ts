/** The titles of the API's problems, by slug. */
export const TITLES: Readonly<Record<string, string>> = {
  unauthenticated: 'サインインしてください',
  forbidden: 'この操作の権限がありません',
  'not-found': '見つかりません',
  validation: '入力内容を確かめてください',
  malformed: '送信内容を読み取れませんでした',
  'illegal-move': '案件の今の状態では実行できません',
  'consultation-limit-reached': '無料の支援回数をすべて使っています',
  'manager-double-booked': '専門家に同じ時間の別の予定があります',
  'case-double-booked': 'この案件には同じ時間の別の予定があります',
  'no-manager-assigned': '担当の専門家が決まっていません',
  'stage-order': '支援段階の順序が逆になります',
  'enterprise-guard': 'この企業・団体には今年度の別の案件があります',
  'late-reason-required': '過去の日時には、事後入力の理由が必要です',
  stale: '先に別の人が更新しました',
  'precondition-required': '最新の内容を読み込んでから、もう一度実行してください',
  'idempotency-key-reused': 'もう一度実行してください',
  conflict: '保存されている内容と矛盾します',
  'too-large': '大きすぎて送信できません',
  'rate-limited': '試行の回数が多すぎます',
};

/**
 * The API explains its refusals in English, one sentence per rule. These are the sentences that people at the pages can
 * meet, in Japanese; `{}` stands for anything and is taken over. What is not here is shown as the API said it.
 */
const SENTENCES: readonly (readonly [english: string, japanese: string])[] = [
  // Signing in
  ['The e-mail address or the password is wrong.', 'メールアドレスまたはパスワードが違います。'],
  ['Try again in {} seconds.', '{}秒後に、もう一度お試しください。'],
  ['Too many people sign in at this moment. Try again.', 'サインインが混み合っています。もう一度お試しください。'],
  ['The session is over. Sign in again.', 'セッションが終了しました。もう一度サインインしてください。'],
  ['This password is too easy to guess.', '推測されやすいパスワードです。'],
  [
    'This password is too easy to guess. {}',
    '推測されやすいパスワードです。よくある言葉や並びを避け、関連のない単語をいくつか組み合わせてください。',
  ],
  ['Use a few words that do not belong together.', '関連のない単語をいくつか組み合わせてください。'],
  ['A password has 10 to 128 characters.', 'パスワードは10〜128文字です。'],
  ['The current password is wrong.', '現在のパスワードが違います。'],
  ['is not the password', 'パスワードが違います。'],
  [
    'is wrong, too old, or was used before',
    'このコードは使えません。アプリに今表示されているコードを入力してください。一度使ったコードは、もう使えません。',
  ],
  ['is longer than any code', 'コードとして長すぎます。'],
  ['does not count, or no longer: ask for a new link', 'このリンクは使えません。もう一度送ってください。'],
  [
    'The second factor is set up. Turn it off to set it up with another app.',
    '二要素認証は設定済みです。別のアプリで使うには、いったん解除してください。',
  ],
  [
    'There is nothing to confirm. Start to set up the second factor (again).',
    '1時間が過ぎたため、設定を確認できません。もう一度、最初から設定してください。',
  ],
  [
    'Turn your own second factor off under your account, or ask another admin.',
    '自分の二要素認証は「自分の設定」で解除するか、別の事務局の人に依頼してください。',
  ],
  [
    'This office demands a second factor of its admins: set yours up, and go on.',
    '事務局の利用者には二要素認証が必要です。設定すると、続けられます。',
  ],

  // Visits
  ['Another manager gives this session.', 'この回は、別の専門家が担当します。'],
  ['Only at a visit does somebody check in or out.', '到着・退出を記録できるのは、訪問の回だけです。'],
  ['Nobody has checked in yet.', 'まだ到着が記録されていません。'],
  [
    'is more than 24 hours ago: record the session as held, with its times',
    '24時間より前です。「実施を記録」で、実際の時刻を入力してください。',
  ],
  ['must be at most two hours before or after the booked time', '予約の時刻の前後2時間以内にしてください。'],
  ['must be before the check-out, by at most 24 hours', '退出より前(24時間以内)の時刻にしてください。'],
  ['must be after the check-in, by at most 24 hours', '到着より後(24時間以内)の時刻にしてください。'],

  // Mail
  ['Another template has this name.', '同じ名前のひな形があります。'],
  ['The mail is on a case.', 'このメールは、すでに案件に付いています。'],
  ['The mail is on no case yet.', 'このメールは、まだ案件に付いていません。'],
  [
    'The mail is still to be read and placed.',
    'このメールは、まだ読み取りの途中です。少し待ってから、もう一度お試しください。',
  ],
  ['The mail was placed: attach it where it belongs.', 'このメールは振り分け済みです。正しい案件に移してください。'],
  ['Only a mail that is to be checked is put aside.', '除外できるのは、要確認のメールだけです。'],
  [
    "The mail has no sender whose address could be a contact's.",
    '差出人のアドレスがないため、相談者に加えられません。',
  ],
  [
    'Only who wrote a message, a supervisor or an admin takes it back.',
    '送信を取り消せるのは、書いた人、統括、事務局です。',
  ],
  ['The message was taken back before.', 'このメールの送信は、すでに取り消されています。'],
  ['It is too late: the message is no longer waiting.', '送信待ちの時間が過ぎたため、取り消せません。'],
  [
    'Only a message that failed, or whose sending is in doubt, is sent again.',
    'もう一度送信できるのは、送信に失敗したか、送信できたか分からないメールだけです。',
  ],
  ['A file may have {} MiB.', 'ファイルは1つ{} MiBまでです。'],
  ['A case takes at most {} files.', '1つの案件のファイルは{}件までです。'],
  [
    'The files could not be read: this is not multipart/form-data, or it broke off.',
    'ファイルの送信が途中で切れました。もう一度お試しください。',
  ],
  ['send at least one file', 'ファイルを1つ以上選んでください'],

  // Moves of a case
  ['A case that is {} cannot take the step {}.', '案件の状態が「{}」のため、この操作（{}）はできません。'],
  [
    'A case that is {} is not offered to a manager: a desk accepts it first.',
    '状態が「{}」の案件は打診できません。先に窓口が受理してください。',
  ],
  [
    'A case that was routed before is routed anew by a supervisor.',
    '一度振り分けた案件の再振り分けは、統括が行います。',
  ],
  ['A complaint is settled by a supervisor.', '苦情の完了は統括が行います。'],
  [
    'A session is still booked: record or cancel it first.',
    '予約中の回があります。先に実施の記録か取消をしてください。',
  ],
  [
    'A session has begun and is not recorded: enter first whether it was held.',
    '開始時刻を過ぎて記録のない回があります。先に実施の有無を記録してください。',
  ],
  ['Accept the case first, or return it.', '先に受理するか、差し戻してください。'],
  [
    'It was closed more than {} days ago: a supervisor reopens it.',
    '終了から{}日を過ぎています。再開は統括が行います。',
  ],
  ['No session was held, so the support is not completed.', '実施済の回がないため、「支援完了」にはできません。'],
  ['{} reports are not approved yet.', '承認されていない報告書が{}件あります。'],
  [
    '{} attempts without success are on record; {} are needed.',
    '連絡不能とするには不成立の連絡記録が{}件のところ、{}件必要です。',
  ],
  [
    'Nobody is assigned to this case yet: offer it to a manager first.',
    '担当の専門家が決まっていません。先に打診してください。',
  ],
  ['Only its owner or a supervisor reopens it.', '再開できるのは、担当していた窓口か統括です。'],
  ['The case is closed. Reopen it first.', '案件は終了しています。先に再開してください。'],
  ['The case was merged into another one: unmerge it.', '別の案件に統合されています。先に統合を取り消してください。'],
  ['The desk has this case now; tell it by a note.', 'この案件は窓口が担当しています。メモで伝えてください。'],
  ['The desk owns this case now.', 'この案件は窓口が担当しています。'],
  [
    'The enterprise has an earlier case this fiscal year. A supervisor may override this with a reason.',
    'この企業・団体には今年度の先の案件があります。統括が理由を付けて解除できます。',
  ],
  [
    'The enterprise is anonymous: name it before an offer is made.',
    '匿名のままでは打診できません。先に企業・団体名を登録してください。',
  ],
  ['The other case is merged already.', '相手の案件は、すでに統合されています。'],
  ['The other case is not merged into this one.', '相手の案件は、この案件に統合されていません。'],
  ['{} sessions are used; the limit cannot be lower.', 'すでに{}回使っているため、それより少なくできません。'],
  [
    '{} has no room for the used sessions: an admin must raise its limit first.',
    '{}に使用済みの回数が収まりません。先に事務局が上限を引き上げてください。',
  ],
  ['A contact that was left out has calls on record: keep it in the list.', '対応記録のある相談者は削除できません。'],
  [
    'Somebody changed it since you read it. Read it again and repeat your change.',
    '読み込んだ後に、別の人が更新しました。最新の内容を確かめて、もう一度実行してください。',
  ],

  // Figures, periods, targets
  ['{} is closed already.', '{}は、すでに締められています。'],
  ['{} is not over: its last day is {}.', '{}は、まだ終わっていません（最終日は{}です）。'],
  ['Close all months of {} first.', '先に{}のすべての月を締めてください。'],
  ['Close {} first.', '先に{}を締めてください。'],
  ['There is nothing to close: no case is on record.', '案件の記録がないため、締める期間がありません。'],
  ['stands in the list for this area already', '同じ地域と指標の目標が、すでにあります。'],
  ['must be 0 or more, and at most 100 for a share', '0以上で入力してください（割合は100まで）。'],
  ['must be one or two different dimensions of this report', 'この集計で選べる区分を、1つまたは2つ選んでください。'],
  ['is not known to this report', 'この集計では使えない条件です。'],
  ['must be codes separated by commas', '条件の値が正しくありません。'],
  ['must be at most eleven months later', '12か月以内で指定してください。'],
  ['must be a month and a day, as in 02-26', '月と日を選んでください。'],
  [
    'must be 1 to 16 small letters, another for each, and not unset',
    '英小文字1〜16字で、ほかと違う略号にしてください（unset は使えません）。',
  ],
  [
    'A supervisor may do this with a reason: the last day for sessions of this fiscal year is {}.',
    '今年度のコンサルティングの最終日（{}）を過ぎています。統括であれば、理由を付けて予約できます。',
  ],
  [
    'The last day for sessions of this fiscal year is {}. Say in override_reason why it is done all the same: after_last_day.',
    '今年度のコンサルティングの最終日（{}）を過ぎています。それでも予約する理由を入力してください。',
  ],

  // Offers and assignments
  ['A conflict with this enterprise is on record already.', 'この企業・団体との利益相反は、すでに登録されています。'],
  [
    'A manager is assigned for this line: release them first.',
    'この区分にはすでに担当がいます。先に担当を解除してください。',
  ],
  ['A supervisor may make this offer with a reason: {}.', '統括であれば、理由を付けて打診できます（{}）。'],
  ['Say in override_reason why the offer is made all the same: {}.', 'それでも打診する理由を入力してください（{}）。'],
  [
    'An offer of this line is open: wait for the answer, or revoke it.',
    'この区分には回答待ちの打診があります。回答を待つか、取り下げてください。',
  ],
  ['The assignment has ended already.', 'この担当は、すでに終わっています。'],
  ['The desk took the offer back.', '窓口が打診を取り下げました。'],
  ['The offer was accepted already.', 'この打診は、すでに承諾されています。'],
  ['The offer was declined already.', 'この打診は、すでに辞退されています。'],
  [
    'The time to answer this offer has passed. The desk may offer it anew.',
    '回答期限を過ぎました。窓口から改めて打診できます。',
  ],

  // Sessions and reports
  [
    'A manager of this session has another consultation at that time.',
    'この回の専門家には、同じ時間に別の予定があります。',
  ],
  ['The manager has another consultation at that time.', '専門家に、同じ時間の別の予定があります。'],
  ['The case has another consultation at that time.', 'この案件には、同じ時間に別の回があります。'],
  ['All {} free sessions of this case are used.', '無料で使える{}回を、すべて使っています。'],
  [
    'It lies in the past: say in late_reason why it is entered now.',
    '過去の日時です。事後入力の理由を入力してください。',
  ],
  ['Only a booked session that has not begun can be moved.', '変更できるのは、まだ始まっていない予約だけです。'],
  ['Record the session as held first.', '先に実施の記録をしてください。'],
  [
    'A report is written once the session has begun, and not on one that did not take place.',
    '報告書は、実施した回について開始後に書けます。',
  ],
  ['A session that is {} cannot be voided.', '状態が「{}」の回は無効にできません。'],
  ['The report is in the state {}.', '報告書の状態は「{}」です。'],
  [
    'The session has begun: record it as held or as missed.',
    '開始時刻を過ぎています。実施または当日不在として記録してください。',
  ],
  ['The session has not begun: it can be moved or cancelled.', 'まだ始まっていません。日程の変更か取消ができます。'],
  [
    'The session was moved by a merge just now. Read it again.',
    'この回は、統合で移されました。読み込み直してください。',
  ],
  ['The session is {} already.', 'この回は、すでに「{}」です。'],
  [
    "The stages of support would run backwards in the order of the sessions' times.",
    '回の時間順で、支援段階が逆戻りします。',
  ],
  ['must name one manager or two different ones', '専門家を1人または2人選んでください。'],
  ['must be managers who are assigned to the case', 'この案件の担当専門家から選んでください。'],
  ['must be after started_at', '開始より後の時刻にしてください。'],
  ['must be after starts_at', '開始より後の時刻にしてください。'],
  ['must be at most 24 hours after started_at', '開始から24時間以内にしてください。'],
  ['must be at most 24 hours after starts_at', '開始から24時間以内にしてください。'],
  [
    'must not lie in the past; cancel and enter it with a late_reason',
    '過去の日時へは変更できません。取り消してから、事後入力として登録してください。',
  ],

  // Fields
  ['is required', '入力してください。'],
  ['Text is expected here, not nothing.', '入力してください。'],
  ['must be at least one', '1つ以上選んでください。'],
  ['at least one', '1つ以上選んでください。'],
  ['must have at most {} characters', '{}文字までにしてください。'],
  ['must not lie in the past', '過去の日時にはできません。'],
  ['must lie ahead', '未来の日時にしてください。'],
  ['must not lie more than a week back', '1週間より前の日時は入力できません。'],
  ['must be after from', '開始より後にしてください。'],
  [
    'must be periods that begin before they end, one after the other',
    '時間帯を、重ならないように早い順で入力してください。',
  ],
  ['must name at least one permission', '権限を1つ以上選んでください。'],
  ['is not yours to give', 'あなたにない権限は付けられません。'],
  ['stands here twice', '同じものが重なっています。'],
  ['is there twice', '同じものが重なっています。'],
  ['is no desk', '窓口が見つかりません。'],
  ['is no manager', '専門家が見つかりません。'],
  ['was joined with another enterprise', '別の企業・団体に統合されています。'],
  ['must be another enterprise', '別の企業・団体を指定してください。'],
  ['must be absent beside {}', '他の項目と同時には指定できません。'],
  ['this, phone or address is required', '氏名・電話番号・メールアドレスのどれかを入力してください。'],
  ['is missing: nobody has checked in', 'まだ到着が記録されていません。'],
  ['is missing: nobody has checked out', 'まだ退出が記録されていません。'],
  ['are more than 20 MiB together', '添付は合わせて20 MiBまでです。'],
  ['is no attachment of this case', 'この案件のファイルではありません。'],
  ['is required for an opening', '臨時の営業には時間帯が必要です。'],
  [
    'is required: the case has no primary contact with an e-mail address; name another contact, or an address in to',
    '宛先を選んでください。主な相談者のメールアドレスが登録されていません。',
  ],
  [
    "must be true: the address in to is no contact's of this case, and a mail to the wrong person is a leak",
    '相談者として登録されていない宛先です。間違いがないことを確かめて、印を付けてください。',
  ],
  [
    "must be true: this agent's authority is not confirmed, and nothing of the history is told without it",
    '委任の確認が取れていない代理人です。送ってよいことを確かめて、印を付けてください。',
  ],
  [
    'is T and the corporate number where there is one, and does not exist for this kind of enterprise',
    '登録番号は、法人では「T」と法人番号です。この種別では入力できません。',
  ],
  ['each at most once', '同じものが重なっています。'],
  ['must be one of topics', '相談分野の中から選んでください。'],
  ['at most one with the role primary', '「主な相談者」は1人までです。'],
  ['needs a name, a phone number or an address', '氏名・電話番号・メールアドレスのどれかを入力してください。'],
  ['is required for a new enterprise', '新しい企業・団体には必要です。'],
  ['is required for this kind of enterprise', 'この種別では必要です。'],
  ['does not exist for this kind of enterprise', 'この種別にはありません。'],
  ['is required when a case is routed anew', '再振り分けには理由が必要です。'],
  ['does not lie in the prefecture', '都道府県と市区町村が合っていません。'],
  ['must be that of the municipality', '都道府県と市区町村が合っていません。'],
  ['is a desk that is no longer active', '停止中の窓口です。'],
  ['is a manager who is no longer active', '停止中の専門家です。'],
  ['is not a desk', '窓口が見つかりません。'],
  ['is not a manager', '専門家が見つかりません。'],
  ['is no contact of this case', 'この案件の相談者ではありません。'],
  ['is no enterprise', '企業・団体が見つかりません。'],
  ['is no case that you may see', '案件が見つかりません。'],
  ['must be another case', '別の案件を指定してください。'],
  ['goes with the result callback only', '結果が「折り返しを約束」のときだけ入力します。'],
  ['must not lie in the future', '未来の日時は入力できません。'],
  ['must lie in the future', '未来の日時にしてください。'],
  ['must lie in the future, at most a year ahead', '1年以内の、未来の日時にしてください。'],
  ['lies more than ten years back', '10年より前の日時は入力できません。'],
  ['must be between {} and {}', '{}〜{}の範囲で入力してください。'],
  ['must be at most {}', '{}以下にしてください。'],
  ['must be somebody; the wait ends by itself with the next contact', '待ち先を選んでください。'],
  ['is required for the role desk', '地域窓口の人には窓口の指定が必要です。'],
  ['is required for the role manager', 'テレワークマネージャーには専門家の指定が必要です。'],
  ['must be null unless the role is desk', '窓口の指定は、地域窓口の人だけです。'],
  ['must be null unless the role is manager', '専門家の指定は、テレワークマネージャーだけです。'],
  ['Another desk has this code.', 'このコードは、別の窓口が使っています。'],
  ['Another enterprise has this corporate number: look it up.', 'この法人番号は登録済みです。検索して選んでください。'],
  ['Another user has this address.', 'このメールアドレスは使われています。'],
  ['Another user has this e-mail address.', 'このメールアドレスは使われています。'],
  ['Another user is this manager.', 'この専門家には、別の利用者が登録されています。'],
  [
    'This is the last active admin. Make another one first.',
    '最後の事務局の利用者です。先に別の事務局の利用者を登録してください。',
  ],
  ['The desk covers this area on some of these days already.', 'この地域・期間は、すでに担当に入っています。'],
  ['The programme office keeps these fields: {}.', '事務局だけが変更できる項目です（{}）。'],
  ['A case number looks like TW-2026-000123.', '案件番号は「TW-2026-000123」の形です。'],
  ['A code has 1 to 32 letters (a to z), digits and hyphens.', 'コードは英小文字・数字・ハイフンで32文字までです。'],
  ['A corporate number has 13 digits.', '法人番号は13桁です。'],
  [
    '12 digits look like an individual number (マイナンバー), which must not be typed here{}',
    '12桁の番号は入力できません。マイナンバーは、ここに入力しないでください。',
  ],
  ['A registration number is T and 13 digits, as in T1234567890123.', '登録番号は「T」と13桁の数字です。'],
  [
    'Both have a corporate or registration number: they are two enterprises. Correct the number that is wrong first.',
    'どちらにも番号が登録されています。別の企業・団体でないなら、先に誤った番号を訂正してください。',
  ],
  [
    'The other one has a name or number that this kind of enterprise has not: join them the other way round.',
    '相手だけに名称や番号があります。残すほうを逆にしてください。',
  ],
  ['This enterprise was joined with another: see merged_into.', 'この企業・団体は、別の企業・団体に統合されました。'],
  ['A municipality code {}', '市区町村コードを確かめてください。'],
  ['The last digit of the municipality code does not fit {}', '市区町村コードを確かめてください。'],
  ['This is the code of a whole prefecture; a municipality is expected here.', '市区町村を指定してください。'],
  ['is no municipality of today', '今はない市区町村です。'],
  [
    'A day of it has a closure or an opening already: take that back first.',
    'この期間には、すでに休業か臨時営業があります。先に取り消してください。',
  ],
  ['It is over: what has passed stays as it was.', '過ぎた期間は変更できません。'],
  ['Another mailbox has this address.', 'このアドレスは、別の受付先が使っています。'],
  ['Another enterprise has this number: look it up.', 'この番号は登録済みです。検索して選んでください。'],
  ['A password has no line breaks, tabs or other control characters.', 'パスワードに改行やタブは使えません。'],
  ['The password was changed elsewhere at this moment.', 'パスワードが、別の場所で変更されました。'],
  [
    'The first digit of the corporate number does not fit the other 12: at least one digit is wrong.',
    '法人番号の検査数字が合いません。1桁以上が違っています。',
  ],
  [
    "This is an invoice registration number. Write the 13 digits without T if it belongs to a corporation; a sole proprietor's is no corporate number.",
    '適格請求書の登録番号です。法人のものなら「T」を除いた13桁を入力してください。',
  ],
  ['A postal code has 7 digits, as in 100-0001.', '郵便番号は7桁です（例 100-0001）。'],
  ['A prefecture code has two digits from 01 to 47.', '都道府県を選んでください。'],
  [
    'An industry code is a letter from A to T, alone or followed by 2 to 4 digits of a group in that division, as in G391.',
    '業種コードは A〜T の文字と2〜4桁の数字です（例 G391）。',
  ],
  ['A telephone number begins with 0, or with + and the country code.', '電話番号は0か、+と国番号で始まります。'],
  ['A telephone number is expected here.', '電話番号を入力してください。'],
  [
    'A telephone number consists of digits, with hyphens, spaces or parentheses between them and at most one + in front.',
    '電話番号は数字とハイフンなどで入力してください。',
  ],
  ['An extension is not part of the telephone number: write it into a note.', '内線番号は、メモに書いてください。'],
  [
    'This is no Japanese telephone number: 10 digits are expected with the area code, 11 for 050, 060, 070, 080, 090 and 0800.',
    '電話番号の桁数が合いません（市外局番から10桁、携帯などは11桁）。',
  ],
  ['This is too long for a telephone number.', '電話番号として長すぎます。'],
  [
    'This number does not exist in the country whose code it begins with: check the digits behind the +.',
    'この国番号の電話番号として正しくありません。+の後の数字を確かめてください。',
  ],
  [
    'An e-mail address has exactly one @, as in name@example.co.jp.',
    'メールアドレスの「@」は1つです（例 name@example.co.jp）。',
  ],
  ['An e-mail address is expected here.', 'メールアドレスを入力してください。'],
  [
    'An e-mail address has no spaces, control characters or letters outside ASCII{}',
    'メールアドレスに、空白や全角の文字は使えません。',
  ],
  ['The e-mail address is too long: at most {} characters are accepted.', 'メールアドレスは{}文字までです。'],
  [
    'The part behind the @ must be a domain with a dot, as in name@example.co.jp.',
    '「@」の後のドメイン名を確かめてください。',
  ],
  [
    'The part before the @ is missing or has characters that are not accepted there: write the address alone, as in name@example.co.jp.',
    '「@」の前を確かめてください（例 name@example.co.jp）。',
  ],
  [
    'The reading must be in hiragana or katakana (ー, ・, spaces, letters and digits are accepted too).',
    '読みは、ひらがなかカタカナで入力してください。',
  ],
  ['A link must begin with https:// or http://.', 'リンクは https:// で始まります。'],
  ['A link has no spaces, {}', 'リンクに、空白や引用符などは使えません。'],
  ['A link must not carry a user name or password.', 'リンクに、利用者名やパスワードは入れられません。'],
  ['The link must name a server behind the two slashes, {}', '「//」の後のサーバー名を確かめてください。'],
  ['This is too long: at most {} characters are accepted.', '長すぎます（{}文字まで）。'],
  [
    'Line breaks, tabs and control characters are not accepted here: write the text on one line.',
    '改行を除いて1行で入力してください。',
  ],
  ['Control characters other than line breaks and tabs {}', '使えない制御文字が含まれています。入力し直してください。'],
  [
    'Invisible characters that change the direction of writing {}',
    '目に見えない制御文字が含まれています。入力し直してください。',
  ],
  [
    'The text holds a code point that is no character: remove it.',
    '使えない文字が含まれています。入力し直してください。',
  ],
  ['at most {}', '{}までにしてください。'],
  ['{} fields are not valid.', '{}か所を確かめてください。'],

  // Data that ends, and who saw it
  ['The case is under legal hold already.', 'この案件には、すでに法的保全がかかっています。'],
  ['The case is not under legal hold.', 'この案件に、法的保全はかかっていません。'],
  ['Another run is not finished yet.', '別の廃棄を実行中です。終わってから実行してください。'],
  ['must name at least one class, each once', '廃棄するものを選んでください。'],
  ['must be a day of our time', '日付を確かめてください。'],
  ['is nobody of that scope', '対象の人または企業・団体が見つかりません。'],
  ['must not name who is to be erased', '消去する本人の名前や連絡先は書かないでください。'],
  ['leads to nobody', '該当する人が見つかりません。'],
  [
    'leads to several people: choose one by contact_id',
    '同じ電話番号の人が複数います。案件の画面の相談者から登録してください。',
  ],
  ['The request was withdrawn.', 'この請求は取り下げられています。'],
  ['The request was executed.', 'この請求は実行済みです。'],
  [
    'Something stands against it: see the obstacles of the request.',
    '実行できない事情が生じました。画面を閉じて、表示を確かめてください。',
  ],
  ['is no head of the audit trail', '控えた値として読み取れません。「{」から「}」までを貼り付けてください。'],
  ['There were {} chains, and now there are {}.', '連鎖の数が、控えの{}から{}に減っています。'],
  ['There were {} events, and now there are {}.', '記録の件数が、控えの{}から{}に減っています。'],
  ['The checkpoint number {} is gone.', '検証点 第{}号がなくなっています。'],
  ['The checkpoint number {} is another one.', '検証点 第{}号が、控えと違います。'],
  ['The event of the office number {} is gone.', '事務局の連鎖の{}番目の記録がなくなっています。'],
  ['The event of the office number {} is another one.', '事務局の連鎖の{}番目の記録が、控えと違います。'],

  // Lists as files, and webhooks
  [
    '{} of your exports are still being made. Wait for one of them.',
    '作成中の書き出しが{}件あります。終わってから、もう一度実行してください。',
  ],
  ['This list is not for your role.', 'あなたの役割では、この一覧を書き出せません。'],
  ['is for csv only', '文字コードを選べるのは、CSVだけです。'],
  ['looks for what is masked in this export', '非表示にする個人情報では、絞り込めません。'],
  [
    'There are {} webhooks already. Delete those that nobody needs.',
    '通知先は{}件までです。使っていないものを削除してください。',
  ],
  ['The webhook is not active: nothing is sent to it.', '停止中のため、送信できません。再開してから実行してください。'],
  ['must be an address such as https://example.jp/hook', 'URLを入力してください（例 https://example.jp/hook）。'],
  ['must begin with https://', 'https:// で始まるURLを入力してください。'],
  ['must have no user, no password and no fragment', '利用者名・パスワード・「#」以降は入れられません。'],
  ['must have a host', 'サーバー名を入れてください。'],
  ['the address {} is not public: it is not called', '{} は外部から接続できないアドレスのため、登録できません。'],

  // The server
  ['There is nothing here that you may see.', '存在しないか、閲覧の権限がありません。'],
  [
    'The database does not answer, or is too busy. Try again with the same Idempotency-Key: nothing is stored twice.',
    'データベースが応答しません。もう一度お試しください。二重に登録されることはありません。',
  ],
  ['The fault is ours and has been recorded under this request id.', '問い合わせ番号とともに記録しました。'],
  ['It cannot be checked at this moment who may come in. Try again.', '利用者の確認ができません。少し待ってください。'],
];

/** Words of the API inside those sentences. */
const INSIDE: Record<string, string> = {
  received: '受付',
  routed: '受理待ち',
  accepted: '受理',
  assigned: '担当決定',
  consulting: '支援中',
  closed: '終了',
  booked: '日程確定',
  held: '実施済',
  no_show: '当日不在',
  cancelled: '取消',
  voided: '無効',
  draft: '下書き',
  submitted: '提出済',
  approved: '承認済',
  none: '報告書なし',
  outside_appointment: '委嘱期間外',
  conflict_of_interest: '利益相反',
  absent: '不在',
  capacity_full: '担当枠に空きなし',
};

const PATTERNS = SENTENCES.map(([english, japanese]) => {
  const source = english
    .split('{}')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('(.+?)');
  return [new RegExp(`^${source}$`), japanese] as const;
});

/** The Japanese for a sentence of the API, where there is one. */
export function inJapanese(detail: string): string | undefined {
  for (const [pattern, japanese] of PATTERNS) {
    const match = pattern.exec(detail);
    if (match) return match.slice(1).reduce((text, part) => text.replace('{}', words(part)), japanese);
  }
  return undefined;
}

function words(part: string): string {
  return part
    .split(', ')
    .map((word) => INSIDE[word] ?? word)
    .join('、');
}
