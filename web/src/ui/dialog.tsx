import { useEffect, type ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { texts, useTexts } from '@/text/preferences';
import { Icon } from './icon';
import { sayNoMore } from './toast';

const words = texts({ close: '閉じる' }, { close: 'Close' });

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  /** A dialog that needs an answer closes only by one of its own buttons. */
  persistent?: boolean;
}

/**
 * A dialog over the page: the focus stays inside and returns afterwards, Escape closes. A click beside it does not, so
 * that nothing typed is lost by a slip of the hand.
 */
export function Dialog({ title, onClose, children, wide = false, persistent = false }: DialogProps) {
  const t = useTexts(words);
  // What was said before would lie over the buttons.
  useEffect(sayNoMore, []);
  return (
    <ModalOverlay
      isOpen
      isKeyboardDismissDisabled={persistent}
      onOpenChange={onClose}
      className="fixed inset-0 z-40 flex items-end justify-center overflow-y-auto bg-black/50 sm:items-start sm:p-6"
    >
      <Modal
        className={`max-h-dvh w-full overflow-y-auto rounded-t-12 bg-white shadow-5 sm:max-h-none sm:rounded-12 ${wide ? 'max-w-5xl' : 'max-w-2xl'}`}
      >
        <AriaDialog role={persistent ? 'alertdialog' : 'dialog'} className="p-5 outline-none sm:p-7">
          <div className="mb-4 flex items-start justify-between gap-4">
            <Heading slot="title" className="text-std-20B-150">
              {title}
            </Heading>
            {persistent ? null : (
              <button
                type="button"
                onClick={onClose}
                className="-mt-1 -mr-2 inline-flex min-h-11 items-center gap-1 rounded-6 px-2 text-oln-14N-100 hover:bg-solid-gray-50 hover:underline"
              >
                <Icon name="close" className="size-4" />
                {t.close}
              </button>
            )}
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The buttons at the end of a dialog: what was opened for first, then the way out. */
export function DialogButtons({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-col gap-3 sm:flex-row-reverse sm:justify-start">{children}</div>;
}
