/**
 * The program around the network. It shares the buffer with it: the row on its way in lies where the buffer holds
 * nothing yet (`row` bytes from its start; null where it must have memory of its own), the logits where the network
 * leaves them.
 */
export function mainProgram(row: number | null, logits: number): string {
  return `/* Serial protocol, 115200 baud, 8N1. The board sends a dot whenever it is ready for a row; the computer answers
 * with columns x channels bytes. After the last row the board sends the class (one byte) and the logits (16 bits
 * each, low byte first), and then the dot for the next image. Pin 13 (the light) is high while the network runs. */
#include <avr/io.h>

#include "bitkiln.h"

#define BAUD 115200UL
#define ROW_BYTES (BITKILN_COLS * BITKILN_CHANNELS)

/* The network's memory. ${row === null ? '' : 'While the image comes in, the row lies in what is still free of it; '}${row === null ? 'The' : 'the'} logits stay where the
 * network leaves them. */
uint8_t bitkiln_buffer[BITKILN_BUFFER_BYTES];

static void serial_start(void)
{
    UCSR0A = 1 << U2X0;
    UBRR0 = (F_CPU + 4 * BAUD) / (8 * BAUD) - 1;
    UCSR0B = (1 << RXEN0) | (1 << TXEN0);
    UCSR0C = (1 << UCSZ01) | (1 << UCSZ00);
}

static void send(uint8_t byte)
{
    while (!(UCSR0A & (1 << UDRE0))) { }
    UDR0 = byte;
}

static uint8_t receive(void)
{
    while (!(UCSR0A & (1 << RXC0))) { }
    return UDR0;
}

int main(void) __attribute__((OS_main));
int main(void)
{
    ${row === null ? 'static uint8_t row[ROW_BYTES];' : `uint8_t *row = bitkiln_buffer + ${row};`}
    const uint8_t *logits = bitkiln_buffer + ${logits};
    serial_start();
    DDRB |= 1 << PB5;
    for (;;) {
        bitkiln_start();
        for (uint16_t i = 0; i < BITKILN_ROWS; i++) {
            send('.');
            for (uint16_t k = 0; k < ROW_BYTES; k++) row[k] = receive();
            PORTB |= 1 << PB5;
            bitkiln_row(row);
            PORTB &= (uint8_t)~(1 << PB5);
        }
        PORTB |= 1 << PB5;
        uint8_t class = (uint8_t)bitkiln_finish((int16_t *)logits);
        PORTB &= (uint8_t)~(1 << PB5);
        send(class);
        for (uint16_t k = 0; k < 2 * BITKILN_CLASSES; k++) send(logits[k]);
    }
}
`;
}
