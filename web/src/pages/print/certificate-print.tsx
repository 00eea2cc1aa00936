/** 廃棄証明書, as the office files it after disposing of what was over. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { certificate } from '@/data/privacy';
import { texts, useTexts } from '@/text/preferences';
import { Icon } from '@/ui/icon';
import { LoadedPage } from '@/ui/states';
import { PrintPage, Sheet } from './sheet';

const words = texts({ back: '廃棄に戻る' }, { back: 'Back to the run' });

/** The paper is Japanese in every language of the screen. */
const TITLE = '廃棄証明書';

export function CertificatePage() {
  const t = useTexts(words);
  const { id } = useParams({ from: '/app/privacy/runs/$id/certificate' });
  const query = useQuery(certificate(id));
  return (
    <LoadedPage query={query}>
      {({ fields, office }) => (
        <PrintPage
          title={TITLE}
          over={
            <Link
              to="/privacy/runs/$id"
              params={{ id }}
              className="link inline-flex min-h-9 items-center text-dns-14N-130"
            >
              <Icon name="back" className="size-4" />
              {t.back}
            </Link>
          }
        >
          <Sheet title={TITLE} office={office} seals={['責任者', '担当者']}>
            <p className="mb-[3mm]">保存期間を満了した次の記録を廃棄したことを証明します。</p>
            <table className="form">
              <colgroup>
                <col style={{ width: '30%' }} />
                <col style={{ width: '70%' }} />
              </colgroup>
              <tbody>
                {fields.map(({ label, value }) => (
                  <tr key={label}>
                    <th scope="row">{label}</th>
                    <td className="blank break-all">{value}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <p className="mt-[3mm] text-[8.5pt]">
              要約値は、廃棄した記録の番号の一覧から計算した値です。廃棄の記録と監査証跡から、いつでも計算し直して照合できます。
            </p>
          </Sheet>
        </PrintPage>
      )}
    </LoadedPage>
  );
}
