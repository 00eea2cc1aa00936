/** Where calls are written down, for the buttons that lead there. */
export const RECORD_ID = 'record';
/** The form for a mail, inside of it. */
export const REPLY_ID = 'reply';
