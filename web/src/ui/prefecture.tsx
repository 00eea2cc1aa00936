import { useState } from 'react';
import { ComboBox, Input, ListBox, ListBoxItem, Popover } from 'react-aria-components';
import { Field, controlClass } from './form';
import { prefectureName, prefecturesLike } from './prefectures';

interface PrefectureProps {
  label: string;
  pointer: string;
  value: string;
  onChange: (code: string) => void;
  className?: string;
}

/** A prefecture by typing the beginning of its name or reading, as in 「とう」, or its code; Enter takes the first. */
export function PrefectureField({ value, onChange, ...field }: PrefectureProps) {
  const [typed, setTyped] = useState<string>();
  const items = prefecturesLike(typed ?? '');
  return (
    <Field {...field}>
      {(control) => (
        <ComboBox
          aria-label={field.label}
          items={items}
          value={value || null}
          inputValue={typed ?? (value ? prefectureName(value) : '')}
          menuTrigger="focus"
          allowsEmptyCollection={false}
          onInputChange={setTyped}
          onChange={(key) => {
            setTyped(undefined);
            onChange(typeof key === 'string' ? key : '');
          }}
          onBlur={() => {
            // What was typed and not chosen counts where it means one prefecture, and is cleared where it is empty.
            if (typed === '') onChange('');
            else if (typed !== undefined && items.length === 1 && items[0]) onChange(items[0].code);
            setTyped(undefined);
          }}
        >
          <Input
            {...control}
            autoComplete="off"
            className={`${controlClass} h-11`}
            onKeyDown={(event) => {
              const pointed = event.currentTarget.hasAttribute('aria-activedescendant');
              if (event.key !== 'Enter' || event.ctrlKey || !typed || pointed || !items[0]) return;
              event.preventDefault();
              setTyped(undefined);
              onChange(items[0].code);
            }}
          />
          <Popover className="w-(--trigger-width) rounded-8 border border-line bg-white shadow-2">
            <ListBox className="max-h-72 overflow-y-auto p-1">
              {({ code, name, reading }: (typeof items)[number]) => (
                <ListBoxItem
                  id={code}
                  textValue={name}
                  className="flex min-h-9 cursor-pointer items-center justify-between gap-2 rounded-4 px-2 text-dns-16N-130 data-focused:bg-blue-100 data-hovered:bg-blue-50"
                >
                  {name}
                  <span className="text-dns-14N-120 text-ink-soft">{reading}</span>
                </ListBoxItem>
              )}
            </ListBox>
          </Popover>
        </ComboBox>
      )}
    </Field>
  );
}
