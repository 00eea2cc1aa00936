import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { settings } from '@/data/directory';
import { useTexts } from '@/text/preferences';
import { Icon } from '@/ui/icon';
import { IntakeForm } from './intake-form';
import { PrintPage } from './sheet';
import { printWords } from './text';

/** The empty 相談票 for the counter, for an event, for the day on which the system is away. */
export function BlankFormPage() {
  const t = useTexts(printWords);
  const office = useQuery(settings).data?.office_name;
  return (
    <PrintPage
      title={t.blank}
      over={
        <Link to="/intake" className="link inline-flex min-h-9 items-center text-dns-14N-130">
          <Icon name="back" className="size-4" />
          {t.toIntake}
        </Link>
      }
    >
      <IntakeForm office={office} />
    </PrintPage>
  );
}
