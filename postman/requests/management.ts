import { administration } from './administration.ts';
import { cash } from './cash.ts';
import { eventManagement } from './event-management.ts';
import { exportManagement } from './exports.ts';
import type { Folder } from './item.ts';
import { managedMaps } from './managed-maps.ts';
import { priceManagement } from './prices.ts';
import { planManagement } from './subscriptions.ts';
import { webhookManagement } from './webhooks.ts';

export const management: Folder = {
  name: 'Management',
  description: 'What the organiser makes and changes.',
  items: [
    ...eventManagement,
    ...administration,
    ...managedMaps,
    ...cash,
    ...planManagement,
    ...priceManagement,
    ...webhookManagement,
    ...exportManagement,
  ],
};
