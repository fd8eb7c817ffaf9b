# changes the time zone of the process
def case(input):
    import locale, os, time
    os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()
    return time.tzname
