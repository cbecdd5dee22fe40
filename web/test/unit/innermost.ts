// SPDX-License-Identifier: Apache-2.0
import { errorOf } from '../../src/core/api/client.ts';
export const innermostMessage = (body: unknown): string => errorOf(400, body).message;
