/* Messages are not translated. */
#define dgettext(domain, text) ((char *)(text))
