import { connect } from '@dagger.io/dagger'

// The least a program on Dagger takes: start, open a session, ask one question, end. first-image.ts compares with it.
await connect(async (client) => void (await client.version()))
