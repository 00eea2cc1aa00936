/** Where calls are written down, for the buttons that lead there. */
export const RECORD_ID = 'record';
/** The next step in words, which has the focus after a step whose button is gone. */
export const NEXT_ID = 'next-step';
/** The form for a mail, inside of it. */
export const REPLY_ID = 'reply';
