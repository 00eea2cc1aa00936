/** Where calls are written down, for the buttons that lead there. */
export const RECORD_ID = 'record';
