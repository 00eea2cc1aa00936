/**
 * Forms that show the API's objections where they belong. Every field names the JSON pointer of what it fills; a 422 puts
 * its details there, and what fits no field stands above the form.
 */
import {
  createContext,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type ComponentProps,
  type ReactNode,
} from 'react';
import { Problem } from '@/api/problem';
import { ProblemNotice, useFieldWords } from './problem-notice';
import { texts, useTexts } from '@/text/preferences';

interface Context {
  problem: Problem | undefined;
  claim: (pointer: string) => () => void;
}

const FormContext = createContext<Context>({ problem: undefined, claim: () => () => undefined });

interface FormProps {
  onSubmit: () => void;
  /** The last answer, where it was an error. */
  error: unknown;
  children: ReactNode;
  className?: string;
  label?: string;
  /** What failed, in words that say more than the API's title. */
  failed?: string;
}

export function Form({ onSubmit, error, children, className = 'space-y-4', label, failed }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [claimed, setClaimed] = useState<readonly string[]>([]);
  const [claim] = useState(() => (pointer: string) => {
    setClaimed((before) => [...before, pointer]);
    return () => setClaimed((before) => before.toSpliced(before.indexOf(pointer), 1));
  });
  const problem = error instanceof Problem ? error : undefined;

  // The first field that is wrong, so that one can go on typing.
  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLElement>('[aria-invalid=true], [data-wrong] input')?.focus();
  }, [problem]);

  return (
    <form
      ref={form}
      noValidate
      aria-label={label}
      className={className}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onSubmit();
      }}
    >
      {error ? (
        <div className="col-span-full">
          <ProblemNotice error={error} claimed={claimed} title={failed} />
        </div>
      ) : null}
      <FormContext value={{ problem, claim }}>{children}</FormContext>
    </form>
  );
}

const words = texts({ optional: '任意', required: '必須' }, { optional: 'optional', required: 'required' });

interface FieldProps {
  label: string;
  /** The JSON pointer of the field in the request. */
  pointer: string;
  hint?: ReactNode;
  required?: boolean;
  className?: string;
  /** What the page itself finds wrong. */
  wrong?: string | undefined;
}

interface ControlProps {
  id: string;
  'aria-invalid': true | undefined;
  'aria-describedby': string | undefined;
  'aria-required': true | undefined;
}

/** The label above, the control, the hint between and the objection below. */
export function Field({
  label,
  pointer,
  hint,
  required = false,
  className = '',
  wrong,
  children,
}: FieldProps & { children: (control: ControlProps) => ReactNode }) {
  const t = useTexts(words);
  const id = useId();
  const { problem, claim } = useContext(FormContext);
  const fieldWords = useFieldWords();
  const detail = problem?.at(pointer);
  const message = wrong ?? (detail === undefined ? undefined : fieldWords(detail));
  useLayoutEffect(() => claim(pointer), [claim, pointer]);
  const described = [hint ? `${id}-hint` : '', message ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div className={`min-w-0 ${className}`}>
      <div className="mb-1.5 flex flex-wrap items-baseline gap-x-2">
        <label htmlFor={id} className="text-dns-16B-130">
          {label}
        </label>
        {required ? <span className="text-dns-14N-120 text-error-2">{t.required}</span> : null}
      </div>
      {hint ? (
        <div id={`${id}-hint`} className="mb-1.5 text-dns-14N-130 text-ink-soft">
          {hint}
        </div>
      ) : null}
      {children({
        id,
        'aria-invalid': message ? true : undefined,
        'aria-describedby': described || undefined,
        'aria-required': required || undefined,
      })}
      {message ? (
        <p id={`${id}-error`} className="mt-1.5 text-dns-14N-130 text-error-2">
          ＊{message}
        </p>
      ) : null}
    </div>
  );
}

export const controlClass = `w-full rounded-8 border border-line-strong bg-white px-3 text-dns-16N-130
  hover:border-black aria-invalid:border-2 aria-invalid:border-error-2
  disabled:border-solid-gray-300 disabled:bg-solid-gray-50`;

type InputProps = FieldProps &
  Omit<ComponentProps<'input'>, 'onChange' | 'value' | 'className' | 'required'> & {
    value: string;
    onChange: (value: string) => void;
  };

export function TextField({ label, pointer, hint, required, className, wrong, onChange, ...rest }: InputProps) {
  const field = { label, pointer, hint, className, wrong, ...(required ? { required } : {}) } as FieldProps;
  return (
    <Field {...field}>
      {(control) => (
        <input
          autoComplete="off"
          // With an end, the year takes four digits, and one types on.
          max={rest.type === 'date' ? '9999-12-31' : undefined}
          {...rest}
          {...control}
          className={`${controlClass} h-11`}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

type AreaProps = FieldProps & {
  value: string;
  onChange: (value: string) => void;
  rows?: number;
  autoFocus?: boolean;
  onKeyDown?: ComponentProps<'textarea'>['onKeyDown'];
};

export function TextArea({ value, onChange, rows = 3, autoFocus, onKeyDown, ...field }: AreaProps) {
  return (
    <Field {...field}>
      {(control) => (
        <textarea
          {...control}
          value={value}
          rows={rows}
          // Grows with the text, and is never smaller than its rows.
          style={{ minHeight: `${rows * 1.7 + 1.125}rem` }}
          autoFocus={autoFocus}
          onKeyDown={onKeyDown}
          className={`${controlClass} field-sizing-content py-2 text-std-16N-170`}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export type Choices<T extends string> = readonly (readonly [value: T, label: string])[];

type SelectProps<T extends string> = FieldProps & {
  value: T;
  onChange: (value: T) => void;
  choices: Choices<T>;
  disabled?: boolean;
};

export function SelectField<T extends string>({ value, onChange, choices, disabled, ...field }: SelectProps<T>) {
  return (
    <Field {...field}>
      {(control) => (
        <select
          {...control}
          value={value}
          disabled={disabled}
          className={`${controlClass} h-11`}
          // The options are exactly the choices.
          onChange={(event) => onChange(event.target.value as T)}
        >
          {choices.map(([choice, text]) => (
            <option key={choice} value={choice}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  label: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  className?: string;
}

export function CheckField({ label, checked, onChange, className = '' }: CheckProps) {
  return (
    <label className={`inline-flex min-h-9 items-center gap-2 text-dns-16N-130 ${className}`}>
      <input
        type="checkbox"
        checked={checked}
        className="size-5 shrink-0 accent-blue-900"
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

type GroupProps = Omit<FieldProps, 'wrong'> & { children: ReactNode };

/** Several boxes under one label. */
export function Group({ label, pointer, hint, required = false, className = '', children }: GroupProps) {
  const t = useTexts(words);
  const id = useId();
  const { problem, claim } = useContext(FormContext);
  const fieldWords = useFieldWords();
  const detail = problem?.at(pointer);
  useLayoutEffect(() => claim(pointer), [claim, pointer]);
  return (
    <fieldset
      className={`min-w-0 ${className}`}
      aria-describedby={detail ? `${id}-error` : undefined}
      // A group cannot be invalid to a screen reader; the form looks for this.
      data-wrong={detail ? '' : undefined}
    >
      <legend className="mb-1 text-dns-16B-130">
        {label} {required ? <span className="text-dns-14N-120 text-error-2">{t.required}</span> : null}
      </legend>
      {hint ? <div className="mb-1 text-dns-14N-130 text-ink-soft">{hint}</div> : null}
      {children}
      {detail ? (
        <p id={`${id}-error`} className="mt-1 text-dns-14N-130 text-error-2">
          ＊{fieldWords(detail)}
        </p>
      ) : null}
    </fieldset>
  );
}

type RadioProps<T extends string> = Omit<FieldProps, 'wrong'> & {
  value: T | '';
  onChange: (value: T) => void;
  choices: Choices<T>;
};

export function RadioField<T extends string>({ value, onChange, choices, ...field }: RadioProps<T>) {
  const name = useId();
  return (
    <Group {...field}>
      <div className="flex flex-wrap gap-x-5 gap-y-1">
        {choices.map(([choice, text]) => (
          <label key={choice} className="inline-flex min-h-9 items-center gap-2 text-dns-16N-130">
            <input
              type="radio"
              name={name}
              checked={value === choice}
              className="size-5 shrink-0 accent-blue-900"
              onChange={() => onChange(choice)}
            />
            {text}
          </label>
        ))}
      </div>
    </Group>
  );
}

type ManyProps<T extends string> = Omit<FieldProps, 'wrong'> & {
  value: readonly T[];
  onChange: (value: T[]) => void;
  choices: Choices<T>;
};

/** Any number of the choices, in their order. */
export function ManyField<T extends string>({ value, onChange, choices, ...field }: ManyProps<T>) {
  const toggle = (choice: T, on: boolean) =>
    onChange(choices.map(([known]) => known).filter((known) => (known === choice ? on : value.includes(known))));
  return (
    <Group {...field}>
      <div className="flex flex-wrap gap-x-4">
        {choices.map(([choice, text]) => (
          <CheckField
            key={choice}
            label={text}
            checked={value.includes(choice)}
            onChange={(on) => toggle(choice, on)}
          />
        ))}
      </div>
    </Group>
  );
}
