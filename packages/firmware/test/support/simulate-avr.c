/* Runs firmware on simavr's ATmega328P and speaks its serial protocol: images come from standard input, each reply
 * (class and logits) goes to standard output. At the end a line on standard error gives the cycles that pin 13 was
 * high, in all and in the longest image, and the deepest stack in bytes.
 * Arguments: the ELF file, rows, bytes in a row, bytes in a reply, images. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

static avr_t *avr;
static avr_irq_t *to_board;
static uint8_t *row;
static long row_bytes, rows, reply_bytes, images;
static long next_row, sent, queued, replied, done;
static int ready = 1;
static avr_cycle_count_t pin_rose, image_cycles, all_cycles, most_cycles;

static void feed(void)
{
    while (ready && sent < queued) avr_raise_irq(to_board, row[sent++]);
}

static void on_ready(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq, (void)value, (void)param;
    ready = 1;
}

static void on_full(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq, (void)value, (void)param;
    ready = 0;
}

static void on_byte(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq, (void)param;
    if (next_row < rows) {
        if (value != '.') fprintf(stderr, "expected a dot, got %u\n", (unsigned)value), exit(1);
        if (done == images) return;
        if (fread(row, 1, (size_t)row_bytes, stdin) != (size_t)row_bytes) exit(1);
        sent = 0;
        queued = row_bytes;
        next_row++;
        return;
    }
    putchar((int)value);
    if (++replied < reply_bytes) return;
    replied = next_row = 0;
    done++;
    all_cycles += image_cycles;
    if (image_cycles > most_cycles) most_cycles = image_cycles;
    image_cycles = 0;
}

static void on_pin(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq, (void)param;
    if (value) pin_rose = avr->cycle;
    else image_cycles += avr->cycle - pin_rose;
}

int main(int argc, char **argv)
{
    if (argc != 6) return 2;
    rows = atol(argv[2]);
    row_bytes = atol(argv[3]);
    reply_bytes = atol(argv[4]);
    images = atol(argv[5]);
    row = malloc((size_t)row_bytes);
    elf_firmware_t firmware;
    memset(&firmware, 0, sizeof firmware);
    if (elf_read_firmware(argv[1], &firmware) != 0) return 1;
    strcpy(firmware.mmcu, "atmega328p");
    firmware.frequency = 16000000;
    avr = avr_make_mcu_by_name(firmware.mmcu);
    if (avr == NULL) return 1;
    avr_init(avr);
    avr_load_firmware(avr, &firmware);
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    to_board = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_byte, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_ready, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_full, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('B'), 5), on_pin, NULL);
    unsigned deepest = avr->ramend;
    while (done < images) {
        int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) return 1;
        unsigned stack = (unsigned)(avr->data[R_SPL] | avr->data[R_SPH] << 8);
        if (stack != 0 && stack < deepest) deepest = stack;
        feed();
    }
    fprintf(stderr, "cycles %llu most %llu stack %u\n", (unsigned long long)all_cycles,
            (unsigned long long)most_cycles, (unsigned)avr->ramend - deepest);
    return 0;
}
