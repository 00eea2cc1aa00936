/**
 * The first questions of a page wait until the server has begun to tell its news, so that what they answer is kept current
 * and none has to be asked a second time. Not for long: a page without news is better than none.
 */
const LONGEST_MS = 500;

let hold: Promise<void> | undefined;
let passed = 0;

/** Lets questions wait until the returned function is called. */
export function holdQuestions(): () => void {
  passed = 0;
  let release: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LONGEST_MS);
    release = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  hold = begun;
  void begun.then(() => {
    if (hold === begun) hold = undefined;
  });
  return release;
}

/** Called before a question is sent. */
export async function myTurn(): Promise<void> {
  if (hold) await hold;
  passed += 1;
}

/** Whether anything was sent since questions were let to wait. */
export function wereSent(): boolean {
  return passed > 0;
}
