// SPDX-License-Identifier: Apache-2.0
// /l/ID: the place that a short link leads to takes this page's place.
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError } from '../core/api/client.ts';
import { getLink } from '../core/api/endpoints.ts';
import { Failure, Loading } from '../ui/Notice.tsx';
import { usePage } from '../ui/usePage.ts';
import { openHref, useParams } from './place.tsx';
import { Go } from './search.tsx';

export function LinkPage() {
  usePage('Link');
  const { id = '' } = useParams();
  const query = useQuery({ queryKey: ['link', id], queryFn: ({ signal }) => getLink(id, signal), staleTime: Infinity });
  const target = query.data?.target;
  useEffect(() => {
    if (target) openHref(target, { replace: true });
  }, [target]);
  if (query.error instanceof ApiError && query.error.status === 404)
    return (
      <div className="empty">
        <h1>This link leads nowhere (any more).</h1>
        <Go to="/">To the overview</Go>
      </div>
    );
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading what="Following the link" />;
}
